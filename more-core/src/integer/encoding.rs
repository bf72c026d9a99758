//! Rational numbers as residues, in two ways that both end: [`FixedPoint`] and [`Fraction`].

mod fixed_point;
mod fraction;
mod leading;

pub use fixed_point::FixedPoint;
pub use fraction::Fraction;
