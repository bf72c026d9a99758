//! From a scalar and a number of lanes known at run time to types.

/// Evaluates an expression with `T` the type of a scalar and `N` a number of lanes, both known only at run time.
///
/// The number of lanes is a `usize` or `u8`. The result is `Ok` of the expression's value, or
/// [`Kind::Shape`](crate::Kind::Shape) for a number of lanes outside 2 to 8.
///
/// ```
/// use more_core::Scalar;
///
/// let bytes = more_nn::with_scalar_and_lanes!(Scalar::F64, 3_u8, (T, N) => size_of::<[T; N]>());
/// assert_eq!(bytes.unwrap(), 24);
/// ```
#[macro_export]
macro_rules! with_scalar_and_lanes {
    ($scalar:expr, $lanes:expr, ($T:ident, $N:ident) => $body:expr) => {
        $crate::with_scalar_and_lanes!(@arms $scalar, $lanes, $T, $N, $body;
            F32 f32 2, F32 f32 3, F32 f32 4, F32 f32 5, F32 f32 6, F32 f32 7, F32 f32 8,
            F64 f64 2, F64 f64 3, F64 f64 4, F64 f64 5, F64 f64 6, F64 f64 7, F64 f64 8)
    };
    (@arms $scalar:expr, $lanes:expr, $T:ident, $N:ident, $body:expr; $($name:ident $type:ident $count:literal),*) => {
        match ($scalar, usize::from($lanes)) {
            $((more_core::Scalar::$name, $count) => {
                #[allow(dead_code, reason = "an expression may need only one of the two")]
                type $T = $type;
                #[allow(dead_code, reason = "an expression may need only one of the two")]
                const $N: usize = $count;
                Ok($body)
            })*
            (_, lanes) => Err($crate::Error::new(
                $crate::Kind::Shape,
                format!("{lanes} lanes, this program has 2 to 8"),
            )),
        }
    };
}

/// Evaluates an expression with `N` a number of lanes known only at run time: [`with_scalar_and_lanes!`] where the scalar is
/// a type already.
#[macro_export]
macro_rules! with_lanes {
    ($lanes:expr, $N:ident => $body:expr) => {
        $crate::with_lanes!(@arms $lanes, $N, $body; 2, 3, 4, 5, 6, 7, 8)
    };
    (@arms $lanes:expr, $N:ident, $body:expr; $($count:literal),*) => {
        match usize::from($lanes) {
            $($count => {
                const $N: usize = $count;
                Ok($body)
            })*
            lanes => Err($crate::Error::new(
                $crate::Kind::Shape,
                format!("{lanes} lanes, this program has 2 to 8"),
            )),
        }
    };
}
