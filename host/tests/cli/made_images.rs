//! Containers of images made by hand, to be right or wrong in one way each.

use super::harness::Folder;
use more_nn::container::{
    ContainerWriter, Content, Form, IMAGES, LABELS, Metadata, PLAIN_LABELS, image_tensor, label_tensor,
    plain_label_tensor,
};

/// Images of f32, plain or encrypted with `KEY`; each pixel has the same number in every lane.
#[derive(Clone, Copy)]
pub(crate) struct MadeImages<'a> {
    pub(crate) form: Form,
    pub(crate) count: usize,
    pub(crate) shape: [usize; 3],
    pub(crate) classes: usize,
    pub(crate) labels: MadeLabels<'a>,
    /// A stored number (its image, its index there) that is replaced; of a matrix all entries.
    pub(crate) replaced: Option<(usize, usize, f32)>,
}

/// Their labels.
#[derive(Clone, Copy)]
pub(crate) enum MadeLabels<'a> {
    None,
    Plain(&'a [i64]),
    /// One-hot, image `i` being of class `i mod classes`; a stored number of the image may be replaced, as above.
    Encrypted(Option<(usize, usize, f32)>),
}

impl MadeImages<'_> {
    /// Twelve images of the size of digits.
    pub(crate) const DIGITS: Self = Self {
        form: Form::Spectral,
        count: 12,
        shape: [1, 28, 28],
        classes: 10,
        labels: MadeLabels::Encrypted(None),
        replaced: None,
    };

    /// Writes them to `name`.
    pub(crate) fn write(&self, folder: &Folder, name: &str) {
        let classes: Vec<String> = (0..self.classes).map(|class| class.to_string()).collect();
        let mut metadata = Metadata::plain(Content::Images, more_core::Scalar::F32, &self.shape, &classes);
        let key = (self.form != Form::Plain).then(|| folder.evaluation_file());
        if let Some(key) = &key {
            metadata = metadata.encrypted(self.form, 2, key.id());
        }
        let mut tensors = vec![image_tensor(&metadata, self.count)];
        match self.labels {
            MadeLabels::None => {}
            MadeLabels::Plain(_) => tensors.push(plain_label_tensor(self.count)),
            MadeLabels::Encrypted(_) => tensors.push(label_tensor(&metadata, self.count)),
        }
        let key = key.as_ref().map(more_nn::key_file::EvaluationKeyFile::bytes);
        let mut writer = ContainerWriter::create(&folder.path(name), &metadata, key, tensors).unwrap();
        if let MadeLabels::Plain(labels) = self.labels {
            writer.write(PLAIN_LABELS, labels).unwrap();
        }
        let pixels: usize = self.shape.iter().product();
        for image in 0..self.count {
            let pixel = |index| ((image * 31 + index * 7) % 97) as f32 / 96.0;
            let stored = self.stored((0..pixels).map(pixel).collect(), image, self.replaced);
            writer.write(IMAGES, &stored).unwrap();
        }
        if let MadeLabels::Encrypted(replaced) = self.labels {
            for image in 0..self.count {
                let one_hot = |class| f32::from(u8::from(class == image % self.classes));
                let stored = self.stored((0..self.classes).map(one_hot).collect(), image, replaced);
                writer.write(LABELS, &stored).unwrap();
            }
        }
        writer.finish().unwrap();
    }

    fn stored(&self, values: Vec<f32>, image: usize, replaced: Option<(usize, usize, f32)>) -> Vec<f32> {
        let plane = values.len();
        let mut stored: Vec<f32> = match self.form {
            Form::Plain => values,
            Form::Spectral => [&values[..], &values].concat(),
            Form::Matrix => {
                let zeros = vec![0.0; values.len()];
                [&values[..], &zeros, &zeros, &values].concat()
            }
        };
        if let Some((_, index, value)) = replaced.filter(|(at, ..)| *at == image) {
            // Of a matrix every entry: which rows of matrices are read, the key decides.
            let step = if self.form == Form::Matrix { plane } else { stored.len() };
            stored.iter_mut().skip(index).step_by(step).for_each(|number| *number = value);
        }
        stored
    }
}
