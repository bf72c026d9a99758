//! Images of a data set in the form that an engine computes in.

use std::fmt;
use std::ops::Range;

use crate::ahead::ask_for;
use crate::components::Scalar;
use crate::container::{Form, ReadBuffer};
use crate::error::Error;
use crate::samples::{Input, entries_to_planes, lanes_to_entries};
use crate::with_lanes;

/// Reads images as planes `[image][component][pixel]` in a form. What is the same for all of them, as their evaluation key, was read
/// before.
pub struct ImageReader<'a, T> {
    read: Box<Read<'a, T>>,
}

type Read<'a, T> =
    dyn Fn(Range<usize>, &[u8], &mut Buffers<T>, &mut [T]) -> Result<(), Error> + Send + Sync + 'a;

impl<'a, T: Scalar> ImageReader<'a, T> {
    /// Of `input`, in a form that is `Plain` where the data is and not otherwise.
    ///
    /// # Errors
    /// Those of reading the evaluation key.
    pub fn of(input: &'a Input, form: Form) -> Result<Self, Error> {
        let file = match input {
            Input::Plain(data) => {
                return Ok(Self::new(|images, _, buffers, out| {
                    buffers.pixels.resize(out.len(), 0.0);
                    data.read_images(images, &mut buffers.pixels)?;
                    for (value, pixel) in out.iter_mut().zip(&buffers.pixels) {
                        *value = T::from_f64(f64::from(*pixel));
                    }
                    Ok(())
                }));
            }
            Input::File(file) => file,
        };
        if form == Form::Plain {
            return Ok(Self::new(|images, ahead, buffers, out| {
                ask_for(ahead);
                out.copy_from_slice(file.read_images(images, &mut buffers.bytes)?);
                Ok(())
            }));
        }
        let (stored_form, plane) = (file.metadata().form, file.metadata().item_len());
        with_lanes!(file.metadata().lanes, N => {
            let key = file.container().evaluation_key::<T, N>()?;
            if form == Form::Spectral {
                Self::new(move |images, ahead, buffers, out| {
                    file.read_image_lanes_asking(images, &key, &mut buffers.bytes, out, ahead)
                })
            } else {
                Self::new(move |images, ahead, buffers, out| {
                    ask_for(ahead);
                    let stored = file.read_images::<T>(images, &mut buffers.bytes)?;
                    match stored_form {
                        Form::Matrix => entries_to_planes::<T, N>(stored, plane, out),
                        _ => lanes_to_entries::<T, N>(stored, plane, &key, out),
                    }
                    Ok(())
                })
            }
        })
    }

    fn new(
        read: impl Fn(Range<usize>, &[u8], &mut Buffers<T>, &mut [T]) -> Result<(), Error> + Send + Sync + 'a,
    ) -> Self {
        Self { read: Box::new(read) }
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
        (self.read)(images, ahead, buffers, out)
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
