//! The safetensors header: names, types, shapes and places of the tensors.
//!
//! Source: <https://github.com/huggingface/safetensors>, section "Format".

use std::fmt::Write;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::element::ElementType;
use super::metadata::Metadata;
use crate::error::{Error, Kind};

/// Longest header that is read: room for some 100,000 tensors.
pub(super) const MAXIMUM_HEADER: u64 = 1 << 24;
/// The data section begins at a multiple of this.
const ALIGNMENT: usize = 64;
/// Bytes before the header: its length as a u64.
pub(super) const PREFIX: usize = 8;
/// The one metadata entry.
const ENTRY: &str = "more";
const METADATA: &str = "__metadata__";
const MAXIMUM_RANK: usize = 10;

/// The name, element type and shape of a tensor that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Unique in its container.
    pub name: String,
    /// The type of its elements.
    pub element: ElementType,
    /// Extents, slowest first.
    pub shape: Vec<usize>,
}

impl Tensor {
    /// A tensor's description.
    #[must_use]
    pub fn new(name: impl Into<String>, element: ElementType, shape: &[usize]) -> Self {
        Self { name: name.into(), element, shape: shape.to_vec() }
    }

    /// Bytes of all elements; `None` where that or the size of any part of the shape overflows.
    pub(super) fn bytes(&self) -> Option<u64> {
        // An extent of zero must not hide the overflow of the others: rows are counted without it.
        let product = |product: u64, &extent: &usize| product.checked_mul(extent.max(1) as u64);
        let bytes = self.shape.iter().try_fold(self.element.bytes() as u64, product)?;
        Some(if self.shape.contains(&0) { 0 } else { bytes })
    }
}

/// A tensor and its place in the data section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    pub(super) tensor: Tensor,
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl TensorInfo {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.tensor.name
    }

    /// The type of its elements.
    #[must_use]
    pub fn element(&self) -> ElementType {
        self.tensor.element
    }

    /// Extents, slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.tensor.shape
    }

    /// The first extent; 1 for a single number.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.tensor.shape.first().copied().unwrap_or(1)
    }

    /// The number of elements of a row: the product of all extents but the first.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.tensor.shape.iter().skip(1).product()
    }
}

/// Places tensors one after another; `None` where the sizes overflow.
pub(super) fn place(tensors: Vec<Tensor>) -> Option<Vec<TensorInfo>> {
    let mut begin = 0u64;
    let place_one = |tensor: Tensor| {
        let end = begin.checked_add(tensor.bytes()?)?;
        Some(TensorInfo { tensor, begin: std::mem::replace(&mut begin, end), end })
    };
    tensors.into_iter().map(place_one).collect()
}

/// The bytes before the data section.
pub(super) fn encode(metadata: &Metadata, tensors: &[TensorInfo]) -> Vec<u8> {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{{{}:{{{}:{}}}", quoted(METADATA), quoted(ENTRY), quoted(&metadata.to_json()));
    for TensorInfo { tensor, begin, end } in tensors {
        let (name, element, shape) = (quoted(&tensor.name), tensor.element.name(), &tensor.shape);
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        let shape = shape.join(",");
        let _ = write!(
            text,
            r#",{name}:{{"dtype":"{element}","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#
        );
    }
    text.push('}');
    let padded = (PREFIX + text.len()).next_multiple_of(ALIGNMENT) - PREFIX;
    let mut bytes = (padded as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(PREFIX + padded, b' ');
    bytes
}

/// Reads the header (without its length) of a file whose data section has `data_length` bytes.
///
/// The tensors come back in the order of their places; they cover the data section without gap or overlap.
pub(super) fn decode(bytes: &[u8], data_length: u64) -> Result<(Metadata, Vec<TensorInfo>), Error> {
    let malformed = |message: String| Error::new(Kind::Malformed, message).position("header");
    let Entries(entries) = serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("no safetensors header: {error}");
        Error::new(Kind::WrongFile, message).with_hint("expected a file that more-nn has written")
    })?;
    let mut metadata = None;
    let mut tensors = Vec::new();
    for (name, value) in &entries {
        if name == METADATA {
            let entry = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.get(ENTRY));
            let Some(Value::String(text)) = entry else { return Err(foreign()) };
            metadata = Some(Metadata::from_json(text)?);
        } else {
            let info = decode_tensor(name, value)
                .map_err(|message| malformed(format!("tensor `{name}` {message}")))?;
            tensors.push(info);
        }
    }
    let metadata = metadata.ok_or_else(foreign)?;
    tensors.sort_by_key(|info| (info.begin, info.end));
    let mut covered = 0;
    for info in &tensors {
        let name = info.name();
        if info.begin != covered {
            return Err(malformed(format!(
                "tensor `{name}` begins at byte {}, expected {covered}",
                info.begin
            )));
        }
        if info.begin % info.element().bytes() as u64 != 0 {
            return Err(malformed(format!("tensor `{name}` is not aligned to its elements")));
        }
        covered = info.end;
    }
    if covered > data_length {
        let message = format!("the file has {data_length} bytes of data, its header announces {covered}");
        return Err(
            Error::new(Kind::Truncated, message).with_hint("the file was cut off; copy or make it again")
        );
    }
    if covered < data_length {
        let message = format!("{} bytes follow the last tensor", data_length - covered);
        return Err(Error::new(Kind::Malformed, message));
    }
    Ok((metadata, tensors))
}

fn foreign() -> Error {
    Error::new(
        Kind::WrongFile,
        "a safetensors file, but not one of more-nn: its metadata has no single entry `more`",
    )
}

fn decode_tensor(name: &str, value: &Value) -> Result<TensorInfo, String> {
    let map = value
        .as_object()
        .filter(|map| map.len() == 3)
        .ok_or("is not described by dtype, shape and data_offsets")?;
    let element = map.get("dtype").and_then(Value::as_str).ok_or("has no dtype")?;
    let element = ElementType::from_name(element)
        .ok_or_else(|| format!("has dtype {element}, expected U8, U32, I64, F32 or F64"))?;
    let list = |field: &str| -> Option<Vec<u64>> {
        map.get(field)?
            .as_array()
            .filter(|list| list.len() <= MAXIMUM_RANK)?
            .iter()
            .map(Value::as_u64)
            .collect()
    };
    let shape = list("shape").ok_or("has no valid shape")?;
    let shape: Option<Vec<usize>> = shape.into_iter().map(|extent| usize::try_from(extent).ok()).collect();
    let tensor = Tensor::new(name, element, &shape.ok_or("is too large for this machine")?);
    let bytes = tensor.bytes().filter(|&bytes| usize::try_from(bytes).is_ok());
    let bytes = bytes.ok_or("has a shape whose size overflows")?;
    let Some(&[begin, end]) = list("data_offsets").as_deref() else {
        return Err("has no valid data_offsets".to_owned());
    };
    if end.checked_sub(begin) != Some(bytes) {
        return Err(format!("lies at bytes {begin} to {end}, its shape needs {bytes} bytes"));
    }
    Ok(TensorInfo { tensor, begin, end })
}

/// The entries of a JSON object in their order; a name that occurs twice is an error.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if !names.insert(name.clone()) {
                        return Err(de::Error::custom(format!("`{name}` occurs twice")));
                    }
                    entries.push((name, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Content;
    use more_core::Scalar;

    fn example() -> Vec<u8> {
        let metadata = Metadata::plain(Content::Model, Scalar::F32, &[1, 2, 3], &[]);
        let tensors = vec![
            Tensor::new("a", ElementType::F64, &[2, 3]),
            Tensor::new("b\"", ElementType::F32, &[1]),
            Tensor::new("c", ElementType::U32, &[2]),
        ];
        encode(&metadata, &place(tensors).unwrap())
    }

    #[test]
    fn headers_are_read_back_and_aligned() {
        let bytes = example();
        assert_eq!(bytes.len() % ALIGNMENT, 0);
        let (metadata, tensors) = decode(&bytes[PREFIX..], 60).unwrap();
        assert_eq!(metadata.content, Content::Model);
        let places: Vec<_> = tensors.iter().map(|info| (info.name(), info.begin, info.end)).collect();
        assert_eq!(places, [("a", 0, 48), ("b\"", 48, 52), ("c", 52, 60)]);
        assert_eq!((tensors[0].rows(), tensors[0].row_len()), (2, 3));
    }

    #[test]
    fn damaged_headers_are_refused_with_their_cause() {
        let good = String::from_utf8(example()[PREFIX..].to_vec()).unwrap();
        let huge = "4294967296,4294967296,4294967296";
        for (from, to, expected) in [
            ("[2,3]", "[2,4]", "its shape needs 64 bytes"),
            ("[0,48]", "[48,0]", "its shape needs"),
            ("[48,52]", "[47,51]", "begins at byte 47, expected 48"),
            ("[0,48]", "[0,-48]", "no valid data_offsets"),
            ("[2,3]", &format!("[{huge}]"), "overflows"),
            ("\"F64\"", "\"F16\"", "F16"),
            ("\"c\":", "\"a\":", "`a` occurs twice"),
            ("\"more\"", "\"less\"", "not one of more-nn"),
            ("\"dtype\":\"F64\",", "", "not described"),
            ("{", "[", "no safetensors header"),
        ] {
            assert!(good.contains(from));
            let error = decode(good.replacen(from, to, 1).as_bytes(), 60).unwrap_err();
            assert!(error.to_string().contains(expected), "{from} -> {to}: {error}");
        }
        assert_eq!(decode(good.as_bytes(), 59).unwrap_err().kind(), Kind::Truncated);
        assert_eq!(decode(good.as_bytes(), 61).unwrap_err().kind(), Kind::Malformed);
    }

    #[test]
    fn sizes_that_overflow_are_not_placed() {
        assert_eq!(place(vec![Tensor::new("a", ElementType::F64, &[usize::MAX, 2])]), None);
        assert_eq!(place(vec![Tensor::new("a", ElementType::F64, &[0, usize::MAX, 2])]), None);
    }
}
