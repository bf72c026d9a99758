//! Where a step of training puts its gradient: [`Gradient`].

/// The gradient of some parameters, and what becomes of the numbers that are there.
#[derive(Debug)]
pub enum Gradient<'a, W> {
    /// They are added to: gradients of several samples or packs, one after the other.
    Add(&'a mut [W]),
    /// They are written over, whatever they are: those of dense layers, nearly all of a network's, are neither cleared nor read.
    Write(&'a mut [W]),
}

impl<'a, W> Gradient<'a, W> {
    /// The numbers that are there, and whether they are added to.
    #[inline(always)]
    pub(crate) fn into_parts(self) -> (&'a mut [W], bool) {
        match self {
            Self::Add(values) => (values, true),
            Self::Write(values) => (values, false),
        }
    }
}
