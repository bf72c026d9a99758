//! Images of a data set in the form that an engine computes in.

use std::fmt;
use std::ops::Range;

use crate::ahead::ask_for;
use crate::components::Scalar;
use crate::container::{Form, ImagesFile, LanePlanes, ReadBuffer};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::samples::{Input, lanes_to_entries};
use crate::with_lanes;

/// Bytes of an image that are asked for ahead: all of a small one. A processor sees for itself how a large one goes on.
const ASKED_FOR: usize = 1 << 16;

/// Reads images as planes `[image][component][pixel]` in a form. What is the same for all of them, as their evaluation key, was read
/// before.
pub struct ImageReader<'a, T> {
    route: Route<'a, T>,
}

/// How images get into the form.
enum Route<'a, T> {
    /// They are decoded.
    Plain(&'a Dataset),
    /// They are stored in it.
    Stored(&'a ImagesFile),
    /// They are stored as matrices, of whose rows lanes are made.
    Lanes(&'a ImagesFile, LanePlanes<T>),
    /// They are stored as lanes, of which matrices are made.
    Matrices(&'a ImagesFile, Box<Convert<'a, T>>),
}

/// From planes as they are stored to planes of the form.
type Convert<'a, T> = dyn Fn(&[T], &mut [T]) + Send + Sync + 'a;

impl<'a, T: Scalar> ImageReader<'a, T> {
    /// Of `input`, in a form that is `Plain` where the data is and not otherwise.
    ///
    /// # Errors
    /// Those of reading the evaluation key.
    pub fn of(input: &'a Input, form: Form) -> Result<Self, Error> {
        let file = match input {
            Input::Plain(data) => return Ok(Self { route: Route::Plain(data) }),
            Input::File(file) => file,
        };
        let metadata = file.metadata();
        if form == metadata.form {
            return Ok(Self { route: Route::Stored(file) });
        }
        let plane = metadata.item_len();
        let route = with_lanes!(metadata.lanes, N => {
            let key = file.container().evaluation_key::<T, N>()?;
            match form {
                Form::Spectral => Route::Lanes(file, LanePlanes::new(&key)),
                _ => {
                    let convert = move |stored: &[T], out: &mut [T]| lanes_to_entries(stored, plane, &key, out);
                    Route::Matrices(file, Box::new(convert))
                }
            }
        })?;
        Ok(Self { route })
    }

    /// Reads some images.
    ///
    /// # Errors
    /// [`Kind::NonFinite`](crate::Kind::NonFinite) naming the image; reading errors.
    ///
    /// # Panics
    /// Where `out` has not the length of the images.
    pub fn read(&self, images: Range<usize>, buffers: &mut Buffers<T>, out: &mut [T]) -> Result<(), Error> {
        self.read_asking(images, &[], buffers, out)
    }

    /// [`Self::read`], which asks for what lies `ahead` in memory while it computes.
    pub(crate) fn read_asking(
        &self,
        images: Range<usize>,
        ahead: &[u8],
        buffers: &mut Buffers<T>,
        out: &mut [T],
    ) -> Result<(), Error> {
        match &self.route {
            Route::Plain(data) => {
                let len = data.image_len();
                for (image, out) in images.zip(out.chunks_exact_mut(len)) {
                    if data.decode(image, 0..len, out) {
                        continue;
                    }
                    buffers.pixels.resize(len, 0.0);
                    data.read_images(image..image + 1, &mut buffers.pixels)?;
                    for (value, pixel) in out.iter_mut().zip(&buffers.pixels) {
                        *value = T::from_f64(f64::from(*pixel));
                    }
                }
            }
            Route::Stored(file) => {
                ask_for(ahead);
                out.copy_from_slice(file.read_images(images, &mut buffers.bytes)?);
            }
            Route::Lanes(file, lanes) => file.read_lanes(images, lanes, &mut buffers.bytes, out, ahead)?,
            Route::Matrices(file, convert) => {
                ask_for(ahead);
                convert(file.read_images(images, &mut buffers.bytes)?, out);
            }
        }
        Ok(())
    }

    /// What to ask for of an image that lies in memory, while another is converted.
    pub(crate) fn ahead(&self, image: usize) -> &[u8] {
        let (file, planes) = match &self.route {
            Route::Plain(_) => return &[],
            Route::Stored(file) | Route::Matrices(file, _) => {
                (*file, 0..file.metadata().form.components(file.metadata().lanes))
            }
            // Of keys that take two rows the first.
            Route::Lanes(file, lanes) => (*file, lanes.runs().next().unwrap_or_default()),
        };
        let plane = file.metadata().item_len();
        let bytes = file.image_bytes(image, planes.start * plane..planes.end * plane).unwrap_or_default();
        &bytes[..bytes.len().min(ASKED_FOR)]
    }
}

impl<T> fmt::Debug for ImageReader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageReader").finish_non_exhaustive()
    }
}

/// Memory for reading, used again and again.
#[derive(Debug)]
pub struct Buffers<T> {
    bytes: ReadBuffer,
    pixels: Vec<f32>,
    scalar: std::marker::PhantomData<T>,
}

impl<T> Default for Buffers<T> {
    fn default() -> Self {
        Self { bytes: ReadBuffer::new(), pixels: Vec::new(), scalar: std::marker::PhantomData }
    }
}
