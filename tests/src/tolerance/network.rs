//! Bounds of a network's rounding errors.
//!
//! A deep computation has no closed bound that is worth testing against, so the oracle carries one along: beside each
//! value, what the errors of its operands make of it, to second order, and what the operation itself rounds away. This
//! file says what an operation rounds away.

use super::Setting;

/// The local error of one operation of a kind of element, as factors of the largest value that takes part.
#[derive(Clone, Copy, Debug)]
pub struct Rounding {
    /// Of a sum, or of a product with a plain number: once for every term.
    pub linear: f64,
    /// Of a product: once for every term of a sum of products.
    pub product: f64,
    /// Of a function `f`, as a factor of the largest `|f|`.
    pub value: f64,
    /// Of a function `f`, as a factor of the largest `|x f'|`.
    pub slope: f64,
    /// What a function may be off by in any case: packs let an exponential fall no further than 2 to 2.1 times the least
    /// normal number, a reciprocal or product of it may round as a subnormal one.
    pub floor: f64,
    /// How near zero, as a factor of the largest lane, a positive lane may lie and still be taken for a rectified one.
    pub step: f64,
}

impl Rounding {
    /// Numbers, packs of them, and the spectral form, in which no lane meets another: `eps` for each operation, twice
    /// the correctly rounded `eps / 2`, which covers sums in any order with `1 + eps` factors of higher order. Functions
    /// are good to 4 units in the last place, an `eps` each: see the sweeps in `nn-core`.
    #[must_use]
    pub fn lane_wise(eps: f64, least_normal: f64) -> Self {
        Self { linear: eps, product: eps, value: 4.0 * eps, slope: 0.0, floor: 4.0 * least_normal, step: 0.0 }
    }

    /// The matrix form, from [`Setting`]: what an entry loses is seen by the other lanes through `S` and `S^-1`.
    ///
    /// A function is made of the eigenvalues and of the values there: of these two, [`Setting::function`] takes the
    /// first with the slope, the second with the value, whose own error is that of the function on a number.
    #[must_use]
    pub fn matrix(setting: &Setting, least_normal: f64) -> Self {
        Self {
            linear: setting.conversion(1.0),
            product: setting.product(1.0),
            value: setting.function(0.0, 0.0, 1.0) + 4.0 * setting.eps,
            slope: setting.function(1.0, 1.0, 0.0),
            floor: 4.0 * least_normal,
            // The kernel's limit is relative to the largest entry, which is at most kappa times the largest lane.
            step: 256.0 * setting.n as f64 * setting.eps * setting.kappa,
        }
    }
}
