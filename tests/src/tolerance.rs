//! The one table of tolerances. Each entry is a bound from `docs/numerics.md`, in terms of
//!
//! - `eps`, the machine epsilon of the scalar,
//! - `kappa`, the condition number of `S` with unit columns,
//! - `n`, the number of lanes,
//! - `l`, the largest lane.
//!
//! The common factor `4 n` counts the rounding errors of matrix products of order `n`. The property tests of ring and
//! functions also pass with `2.5 n` in its place at 20,000 cases each, but not with `2 n`.

pub mod network;

/// Scalar, key and size: what all bounds depend on.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Machine epsilon.
    pub eps: f64,
    /// Condition number of `S` with unit columns.
    pub kappa: f64,
    /// Lanes.
    pub n: usize,
}

impl Setting {
    fn factor(&self) -> f64 {
        4.0 * self.n as f64 * self.eps
    }

    /// Encryption and decryption, a conversion either way, and sums: `4 n kappa^2 eps l`, where `l` is the sum of the
    /// largest lanes of all terms.
    #[must_use]
    pub fn conversion(&self, l: f64) -> f64 {
        self.factor() * self.kappa.powi(2) * l
    }

    /// A conversion by single rows: `4 n kappa 8 sqrt(n) eps l`. What rounding left in a row is multiplied by at most `8 sqrt(n)`
    /// where the diagonal of `V^-1 C V` multiplies it by `kappa`.
    #[must_use]
    pub fn rows(&self, l: f64) -> f64 {
        self.factor() * self.kappa * 8.0 * (self.n as f64).sqrt() * l
    }

    /// A product of encrypted factors: `4 n kappa^3 eps l`, where `l` is the product of their largest lanes.
    #[must_use]
    pub fn product(&self, l: f64) -> f64 {
        self.factor() * self.kappa.powi(3) * l
    }

    /// A reciprocal: `4 n kappa^3 eps l / s^2`, where `s` is the smallest lane. The argument is off by `kappa^2 eps l`
    /// and the slope of `1/x` is `1/s^2`; elimination adds a factor `kappa`.
    #[must_use]
    pub fn reciprocal(&self, l: f64, s: f64) -> f64 {
        self.factor() * self.kappa.powi(3) * l / (s * s)
    }

    /// A function, by eigenvalues or without: `4 n kappa^2 eps (slope l + value)`, where `slope` and `value` are the
    /// largest of `|f'|` and `|f|` between the lanes.
    #[must_use]
    pub fn function(&self, l: f64, slope: f64, value: f64) -> f64 {
        self.factor() * self.kappa.powi(2) * (slope * l + value)
    }

    /// A maximum or minimum: the sum of its arguments, and the absolute value of their difference; `l` is the sum of their
    /// largest lanes. Errors of the arguments pass on the greater of the two.
    #[must_use]
    pub fn extreme(&self, l: f64) -> f64 {
        self.conversion(l) + self.function(l, 1.0, l)
    }

    /// How near to each other two lanes may be for a comparison to tell them apart: `8 n kappa^2 eps l`, where `l` is
    /// the sum of their largest lanes. Twice the error of a difference: for `n = 2` gaps of `32 eps` of the largest
    /// entry, hence of `32 kappa eps l`, count as none, and the nearer of two lanes on different sides is within half
    /// of that.
    #[must_use]
    pub fn tie(&self, l: f64) -> f64 {
        2.0 * self.conversion(l)
    }

    /// How far beyond 0 and 1 a comparison may go at a tie: `n^2 kappa^2 / 4`, the error of a difference over the
    /// smallest gap that counts.
    #[must_use]
    pub fn overshoot(&self) -> f64 {
        (self.n as f64 * self.kappa).powi(2) / 4.0
    }

    /// An entry of a matrix function: `4 n kappa^3 eps (slope l + value)`. The change `F` of a lane's bound is multiplied by
    /// `|S| |S^-1| = kappa` on its way into the entries.
    #[must_use]
    pub fn function_entry(&self, l: f64, slope: f64, value: f64) -> f64 {
        self.kappa * self.function(l, slope, value)
    }

    /// SciPy's exponential, where this crate's errs by `bound`: its Pade approximants of degree 13 take norms up to 5.37,
    /// where their denominators lose `(1 + e^5.37)/2` to cancellation (see `docs/numerics.md`).
    #[must_use]
    pub fn scipy_exponential(&self, bound: f64) -> f64 {
        bound * f64::midpoint(1.0, 5.37_f64.exp())
    }

    /// The residual of a fresh ciphertext: `4 n kappa^2 eps`, relative.
    #[must_use]
    pub fn residual(&self) -> f64 {
        self.factor() * self.kappa.powi(2)
    }

    /// One plain operation on a lane, correctly rounded: half an `eps`.
    #[must_use]
    pub fn rounded(&self, value: f64) -> f64 {
        0.5 * self.eps * value.abs()
    }

    /// A function of `libm` on a lane, which errs by about a unit in the last place; the activations are made of two of
    /// them and a sum or quotient: 4 `eps`.
    #[must_use]
    pub fn elementary(&self, value: f64) -> f64 {
        4.0 * self.eps * value.abs()
    }

    /// A function of `libm` whose argument is a product, rounded: `elementary`, and the slope times the rounding of the
    /// argument and of its constant factor, half an `eps` each.
    #[must_use]
    pub fn composed(&self, value: f64, slope: f64, argument: f64) -> f64 {
        self.elementary(value) + self.eps * (slope * argument).abs()
    }
}
