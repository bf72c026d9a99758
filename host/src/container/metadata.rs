//! What a container says about its content.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use more_core::{KeyId, Scalar};
use serde_json::{Map, Value};

use crate::error::{Error, Kind};
use crate::standardization::Standardization;

/// The version of the container format that this program writes. Version 1, whose matrices lie value by value, is read in the other
/// forms, which are the same.
pub const FORMAT_VERSION: u64 = 2;
/// The scheme's name in every container.
const SCHEME: &str = "MORE";
/// Most classes and dimensions that are believed.
const MAXIMUM_CLASSES: usize = 1 << 16;
const MAXIMUM_RANK: usize = 8;

macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            const ALL: &[(&str, Self)] = &[$(($text, Self::$variant),)*];

            /// The name in files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                match Self::ALL.iter().find(|(name, _)| *name == text) {
                    Some(&(_, value)) => Ok(value),
                    None => {
                        let names: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
                        let message = format!("`{text}`, expected one of {}", names.join(", "));
                        Err(Error::new(Kind::Malformed, message))
                    }
                }
            }
        }
    };
}

named! {
    /// What a container holds.
    Content {
        /// Images and, mostly, their labels.
        Images = "images",
        /// The parameters of a network.
        Model = "model",
        /// What a network answered to images.
        Outputs = "outputs",
        /// Loss and accuracy of a network, epoch by epoch.
        Metrics = "metrics",
    }
}

named! {
    /// How the numbers are represented.
    Form {
        /// As they are, not encrypted.
        Plain = "plain",
        /// As n x n matrices.
        Matrix = "matrix",
        /// As n lanes, in the order of the evaluation key.
        Spectral = "spectral",
    }
}

impl Form {
    /// The extents that stand before an item's own: none, `[n]` lanes, or `[n, n]` rows and columns of matrices.
    #[must_use]
    pub fn extents(self, lanes: usize) -> Vec<usize> {
        match self {
            Self::Plain => Vec::new(),
            Self::Spectral => vec![lanes],
            Self::Matrix => vec![lanes, lanes],
        }
    }

    /// Numbers of a value: 1, n or n^2.
    #[must_use]
    pub fn components(self, lanes: usize) -> usize {
        match self {
            Self::Plain => 1,
            Self::Spectral => lanes,
            Self::Matrix => lanes * lanes,
        }
    }
}

/// What a container says about its content: the JSON of its one metadata entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// What it holds.
    pub content: Content,
    /// How the numbers are represented.
    pub form: Form,
    /// Number of lanes n: 1 in the plain form, 2 to 8 otherwise.
    pub lanes: usize,
    /// The numbers' width.
    pub scalar: Scalar,
    /// The key's id; `None` in the plain form and only there.
    pub key_id: Option<KeyId>,
    /// The network's name, where one is concerned.
    pub network: Option<String>,
    /// The shape of one item: channels, height, width of images and of a model's input; the number of outputs.
    pub shape: Vec<usize>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Of images: that of the training set they are. Of a model: the map its images go through first. In the clear.
    pub standardization: Option<Standardization>,
    /// Further entries, kept as they are. Their names must not be among those above.
    pub extra: BTreeMap<String, Value>,
}

impl Metadata {
    /// Metadata of plain content.
    #[must_use]
    pub fn plain(content: Content, scalar: Scalar, shape: &[usize], classes: &[String]) -> Self {
        Self {
            content,
            form: Form::Plain,
            lanes: 1,
            scalar,
            key_id: None,
            network: None,
            shape: shape.to_vec(),
            classes: classes.to_vec(),
            standardization: None,
            extra: BTreeMap::new(),
        }
    }

    /// The same for encrypted content.
    #[must_use]
    pub fn encrypted(mut self, form: Form, lanes: usize, key_id: KeyId) -> Self {
        (self.form, self.lanes, self.key_id) = (form, lanes, Some(key_id));
        self
    }

    /// Whether the content is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.form != Form::Plain
    }

    /// The number of values of one item.
    #[must_use]
    pub fn item_len(&self) -> usize {
        self.shape.iter().product()
    }

    pub(super) fn to_json(&self) -> String {
        let mut fields = self.extra.clone();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("classes", self.classes.clone().into());
        put("content", self.content.name().into());
        put("form", self.form.name().into());
        put("format_version", FORMAT_VERSION.into());
        put("key_id", self.key_id.map(|id| id.to_string()).into());
        put("n", self.lanes.into());
        put("network", self.network.clone().into());
        put("scalar", scalar_name(self.scalar).into());
        put("scheme", SCHEME.into());
        put("shape", self.shape.clone().into());
        if let Some(standardization) = self.standardization {
            put("standardization", standardization.to_json());
        }
        Value::Object(sorted(fields)).to_string()
    }

    pub(super) fn from_json(text: &str) -> Result<Self, Error> {
        let malformed = |message: String| Error::new(Kind::Malformed, message).position("metadata");
        let value: Value =
            serde_json::from_str(text).map_err(|error| malformed(format!("no JSON: {error}")))?;
        let Value::Object(map) = value else { return Err(malformed("not a JSON object".to_owned())) };
        let mut fields = Fields { map };
        let scheme = fields.text("scheme")?;
        if scheme != SCHEME {
            return Err(malformed(format!("the scheme is `{scheme}`, expected `{SCHEME}`")));
        }
        let version = fields.number("format_version")?;
        let refused = |message: String, hint: &str| Err(Error::new(Kind::Version, message).with_hint(hint));
        if !(1..=FORMAT_VERSION).contains(&version) {
            let message = format!(
                "container format version {version}, this program reads version {FORMAT_VERSION}, and 1 but for matrices"
            );
            return refused(message, "use the version of more-nn that wrote the file");
        }
        let content: Content = fields.named("content")?;
        let form: Form = fields.named("form")?;
        if version == 1 && form == Form::Matrix {
            let message = format!(
                "container format version 1 in matrix form, this program reads version {FORMAT_VERSION}, \
                 whose matrices lie plane by plane"
            );
            return refused(message, "encrypt, train or predict again: the two differ in matrix form only");
        }
        let lanes = fields.number("n")?;
        let allowed = if form == Form::Plain { 1..=1 } else { 2..=8 };
        let lanes = usize::try_from(lanes).ok().filter(|lanes| allowed.contains(lanes)).ok_or_else(|| {
            let (low, high) = (allowed.start(), allowed.end());
            malformed(format!("field `n` is {lanes}, expected {low} to {high} in {form} form"))
        })?;
        let scalar = match fields.text("scalar")?.as_str() {
            "f32" => Scalar::F32,
            "f64" => Scalar::F64,
            other => return Err(malformed(format!("field `scalar` is `{other}`, expected f32 or f64"))),
        };
        let key_id = match fields.optional_text("key_id")? {
            Some(text) => {
                let id = text.parse::<KeyId>();
                Some(id.map_err(|error| malformed(format!("field `key_id` is `{text}`: {error}")))?)
            }
            None => None,
        };
        if key_id.is_some() != (form != Form::Plain) {
            return Err(malformed(format!(
                "field `key_id` must be null in plain form only; the form is {form}"
            )));
        }
        let network = fields.optional_text("network")?;
        let shape = fields.shape()?;
        let classes = fields.classes()?;
        let standardization = fields.standardization()?;
        let extra = fields.map.into_iter().collect();
        Ok(Self { content, form, lanes, scalar, key_id, network, shape, classes, standardization, extra })
    }
}

/// The name of a scalar in files and on the command line: `f32` or `f64`.
#[must_use]
pub const fn scalar_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::F32 => "f32",
        Scalar::F64 => "f64",
    }
}

/// A JSON object whose entries are written in the order of their names, whatever features serde_json is built with.
fn sorted(fields: BTreeMap<String, Value>) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::Object(map) => (name, Value::Object(sorted(map.into_iter().collect()))),
            value => (name, value),
        })
        .collect()
}

/// Fields that are taken out one by one; what is left is extra.
struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    fn take(&mut self, name: &str) -> Result<Value, Error> {
        self.map.remove(name).ok_or_else(|| wrong(name, "is missing", None))
    }

    fn text(&mut self, name: &str) -> Result<String, Error> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            value => Err(wrong(name, "is no text", Some(&value))),
        }
    }

    fn optional_text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.take(name)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            value => Err(wrong(name, "is neither text nor null", Some(&value))),
        }
    }

    fn number(&mut self, name: &str) -> Result<u64, Error> {
        let value = self.take(name)?;
        value.as_u64().ok_or_else(|| wrong(name, "is no whole number", Some(&value)))
    }

    fn named<E: FromStr<Err = Error>>(&mut self, name: &str) -> Result<E, Error> {
        self.text(name)?.parse().map_err(|error: Error| error.position(format!("metadata field `{name}`")))
    }

    fn shape(&mut self) -> Result<Vec<usize>, Error> {
        let value = self.take("shape")?;
        let extents = value.as_array().filter(|array| (1..=MAXIMUM_RANK).contains(&array.len()));
        let extents: Option<Vec<usize>> = extents.and_then(|array| {
            let extent = |value: &Value| value.as_u64().and_then(|extent| usize::try_from(extent).ok());
            array.iter().map(|value| extent(value).filter(|&extent| extent > 0)).collect()
        });
        let extents = extents.filter(|extents| {
            extents.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent)).is_some()
        });
        extents.ok_or_else(|| wrong("shape", "is no list of positive extents", Some(&value)))
    }

    /// May be missing: older files have none.
    fn standardization(&mut self) -> Result<Option<Standardization>, Error> {
        let name = "standardization";
        let wrong = |value| wrong(name, "is no mean and deviation above 0", Some(value));
        match self.map.remove(name) {
            None => Ok(None),
            Some(value) => Standardization::from_json(&value).map(Some).ok_or_else(|| wrong(&value)),
        }
    }

    fn classes(&mut self) -> Result<Vec<String>, Error> {
        match self.take("classes")? {
            Value::Array(names) if names.len() <= MAXIMUM_CLASSES => names
                .into_iter()
                .map(|name| match name {
                    Value::String(name) => Ok(name),
                    value => Err(wrong("classes", "holds something else than names", Some(&value))),
                })
                .collect(),
            _ => Err(wrong("classes", "is no list of names", None)),
        }
    }
}

fn wrong(name: &str, what: &str, value: Option<&Value>) -> Error {
    let mut message = format!("field `{name}` {what}");
    if let Some(value) = value {
        let text: String = value.to_string().chars().take(60).collect();
        message.push_str(&format!(": {text}"));
    }
    Error::new(Kind::Malformed, message).position("metadata")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Metadata {
        let names = ["a".to_owned(), "b\"".to_owned()];
        let mut metadata = Metadata::plain(Content::Images, Scalar::F32, &[1, 2, 3], &names);
        metadata.extra.insert("epochs".to_owned(), 3.into());
        metadata.encrypted(Form::Spectral, 2, "00112233445566778899aabbccddeeff".parse().unwrap())
    }

    #[test]
    fn json_is_sorted_and_read_back() {
        let text = example().to_json();
        assert_eq!(
            text,
            r#"{"classes":["a","b\""],"content":"images","epochs":3,"form":"spectral","format_version":2,"#
                .to_owned()
                + r#""key_id":"00112233445566778899aabbccddeeff","n":2,"network":null,"scalar":"f32","#
                + r#""scheme":"MORE","shape":[1,2,3]}"#
        );
        assert_eq!(Metadata::from_json(&text).unwrap(), example());
    }

    #[test]
    fn a_standardization_is_read_back_to_the_last_bit() {
        let mut metadata = example();
        // Numbers whose shortest decimal form is long.
        for (mean, deviation) in
            [(0.1 + 0.2, 1.0 / 3.0), (-5.0e-324, f64::MAX), (2.0_f64.powi(-30) * 1.1, 0.3)]
        {
            metadata.standardization = Some(Standardization::new(mean, deviation).unwrap());
            assert_eq!(Metadata::from_json(&metadata.to_json()).unwrap(), metadata);
        }
    }

    #[test]
    fn wrong_fields_are_named() {
        let good = example().to_json();
        for (from, to, expected) in [
            (r#""n":2"#, r#""n":9"#, "`n` is 9"),
            (r#""n":2"#, r#""n":"2""#, "`n` is no whole number"),
            (r#""n":2,"#, "", "`n` is missing"),
            ("\"f32\"", "\"f16\"", "f16"),
            ("MORE", "LESS", "LESS"),
            ("spectral", "plain", "`n` is 2"),
            ("spectral", "round", "round"),
            ("[1,2,3]", "[1,0,3]", "`shape`"),
            ("[1,2,3]", "[]", "`shape`"),
            ("[1,2,3]", "[9223372036854775807,4]", "`shape`"),
            ("00112233", "0011223g", "`key_id`"),
            (r#"["a","#, "[1,", "`classes`"),
            ("}", "", "JSON"),
            ("\"shape\"", "\"standardization\":{\"mean\":0,\"deviation\":0},\"shape\"", "`standardization`"),
            ("\"shape\"", "\"standardization\":{\"mean\":0},\"shape\"", "`standardization`"),
            ("\"shape\"", "\"standardization\":null,\"shape\"", "`standardization`"),
        ] {
            let error = Metadata::from_json(&good.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(expected), "{from} -> {to}: {error}");
        }
        for version in [0, 3] {
            let other = good.replace("_version\":2", &format!("_version\":{version}"));
            assert_eq!(Metadata::from_json(&other).unwrap_err().kind(), Kind::Version);
        }
    }

    #[test]
    fn version_1_is_read_where_it_is_the_same() {
        let earlier = example().to_json().replace("_version\":2", "_version\":1");
        assert_eq!(Metadata::from_json(&earlier).unwrap(), example());
        let error = Metadata::from_json(&earlier.replace("spectral", "matrix")).unwrap_err();
        assert_eq!(error.kind(), Kind::Version);
        assert!(error.to_string().contains("version 1 in matrix form"), "{error}");
    }
}
