//! Resampling of images: maps against their formulas, every element against plain numbers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use more_core::mask::Uniform;
use more_core::{Ciphertext, Real, Spectrum};
use more_tests::generators;
use nn_core::element::Pack;
use nn_core::resample::{Affine, resample, resample_rows};
use nn_core::simd::{InstructionSet, Isa, Job, PackReal};
use nn_core::{Element, Error, Shape};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A map as augmentation draws it, and beyond.
#[derive(Clone, Copy, Debug)]
struct Motion {
    rotation: f64,
    zoom: f64,
    shift: [f64; 2],
}

impl Motion {
    fn affine(self) -> Affine {
        Affine::new(self.rotation, self.zoom, self.shift).unwrap()
    }

    /// Where the output at `(row, column)` comes from, by the documented formula.
    fn source(self, shape: Shape, row: usize, column: usize) -> [f64; 2] {
        let (sine, cosine) = self.rotation.sin_cos();
        let (middle_row, middle_column) =
            ((shape.height as f64 - 1.0) / 2.0, (shape.width as f64 - 1.0) / 2.0);
        let y = (row as f64 - middle_row - self.shift[0]) / self.zoom;
        let x = (column as f64 - middle_column - self.shift[1]) / self.zoom;
        [middle_row + sine * x + cosine * y, middle_column + cosine * x - sine * y]
    }

    /// The motion that undoes this one: from `q = zoom R(-rotation) p + shift` follows `p = R(rotation) (q - shift) / zoom`.
    fn inverse(self) -> Self {
        let (sine, cosine) = self.rotation.sin_cos();
        let [down, right] = self.shift;
        let shift =
            [-(sine * right + cosine * down) / self.zoom, -(cosine * right - sine * down) / self.zoom];
        Self { rotation: -self.rotation, zoom: 1.0 / self.zoom, shift }
    }
}

fn motion() -> impl Strategy<Value = Motion> {
    (-3.2..3.2_f64, 0.3..3.0_f64, -9.0..9.0_f64, -9.0..9.0_f64)
        .prop_map(|(rotation, zoom, down, right)| Motion { rotation, zoom, shift: [down, right] })
}

fn shape() -> impl Strategy<Value = Shape> {
    (1..3_usize, 1..40_usize, 1..40_usize)
        .prop_map(|(channels, height, width)| Shape::new(channels, height, width))
}

fn numbers<T: Real>(seed: u64, count: usize) -> Vec<T> {
    let mut generator = ChaCha20Rng::seed_from_u64(seed);
    (0..count).map(|_| T::from_f64(2.0 * <f64 as Real>::uniform(generator.next_u64()) - 1.0)).collect()
}

fn run<E: Element>(context: E::Context, shape: Shape, map: &Affine, input: &[E]) -> Vec<E> {
    let mut output = vec![E::zero(context).scale(<E::Real as Real>::NAN); input.len()];
    resample(context, shape, map, input, &mut output).unwrap();
    output
}

/// How far a coordinate may be off. Fixed-point numbers are rounded to 2^-33 pixels: the matrix, times at most `height + width`
/// pixels from the centre, the origin, and the halving at a row's begin; `f32` drops the fraction's bits below 2^-24. Twice that, for
/// the rounding of the oracle's own `f64`, which is below 2^-40 here.
fn misplaced<T: Real>(shape: Shape) -> f64 {
    let whole = (shape.height + shape.width + 2) as f64 * 2.0_f64.powi(-33);
    let fraction = if T::EPSILON.to_f64() > 1e-10 { 2.0_f64.powi(-24) } else { 0.0 };
    2.0 * (whole + fraction)
}

/// `x[y, x]` of one plane at a point, in `f64`.
fn interpolated<T: Real>(shape: Shape, plane: &[T], [row, column]: [f64; 2]) -> f64 {
    let row = row.clamp(0.0, (shape.height - 1) as f64);
    let column = column.clamp(0.0, (shape.width - 1) as f64);
    let at = |i: f64, j: f64| {
        let (i, j) = ((i as usize).min(shape.height - 1), (j as usize).min(shape.width - 1));
        plane[i * shape.width + j].to_f64()
    };
    let (i, j) = (row.floor(), column.floor());
    let (b, a) = (row - i, column - j);
    (1.0 - b) * ((1.0 - a) * at(i, j) + a * at(i, j + 1.0))
        + b * ((1.0 - a) * at(i + 1.0, j) + a * at(i + 1.0, j + 1.0))
}

/// Values are in [-1, 1]: a coordinate that is off by `d` changes a value by at most `2 d`, for each of two axes; weights, products
/// and three sums round to `5/2 EPSILON`, the oracle to much less in `f64` for `f32` and to the same for `f64`.
fn formula<T: Real + Element<Real = T, Context = ()>>(
    shape: Shape,
    motion: Motion,
    seed: u64,
) -> TestCaseResult {
    let input = numbers::<T>(seed, shape.len());
    let map = motion.affine();
    let output = run((), shape, &map, &input);
    let tolerance = 4.0 * misplaced::<T>(shape) + 5.0 * T::EPSILON.to_f64();
    for (index, value) in output.iter().enumerate() {
        let (channel, place) = (index / shape.plane(), index % shape.plane());
        let (row, column) = (place / shape.width, place % shape.width);
        let point = motion.source(shape, row, column);
        let found = map.source(shape, row, column).unwrap();
        for (point, found) in point.iter().zip(found) {
            prop_assert!((point - found).abs() <= misplaced::<f64>(shape), "{found} for {point}");
        }
        let expected = interpolated(shape, &input[channel * shape.plane()..][..shape.plane()], point);
        let error = (value.to_f64() - expected).abs();
        prop_assert!(error <= tolerance, "{error:e} above {tolerance:e} at {row}, {column} from {point:?}");
    }
    Ok(())
}

/// Forward and back again: bilinear interpolation is exact on `1 + x/64 - y/32`, where nothing comes from outside.
fn forward_and_back<T: Real + Element<Real = T, Context = ()>>(motion: Motion) -> TestCaseResult {
    let shape = Shape::new(1, 37, 41);
    let ramp = |row: usize, column: usize| 1.0 + column as f64 / 64.0 - row as f64 / 32.0;
    let places = || (0..shape.height).flat_map(|row| (0..shape.width).map(move |column| (row, column)));
    let image: Vec<T> = places().map(|(row, column)| T::from_f64(ramp(row, column))).collect();
    let (map, back) = (motion.affine(), motion.inverse().affine());
    let output = run((), shape, &back, &run((), shape, &map, &image));
    let inside = |[row, column]: [f64; 2]| {
        (0.0..=(shape.height - 1) as f64).contains(&row) && (0.0..=(shape.width - 1) as f64).contains(&column)
    };
    // Both the point and the four around it must come from inside.
    let clean = |row: usize, column: usize| {
        let [y, x] = back.source(shape, row, column).unwrap();
        inside([y, x])
            && [y.floor(), y.ceil()].iter().all(|i| {
                [x.floor(), x.ceil()]
                    .iter()
                    .all(|j| inside(map.source(shape, *i as usize, *j as usize).unwrap()))
            })
    };
    let mut checked = 0;
    // The ramp's slopes are below 1/16 in sum and its values below 2.7. The first map may be shrinking up to 3.4-fold, in whose image
    // slopes are that much steeper.
    let tolerance = 2.0 / 16.0 * 3.4 * misplaced::<T>(shape) + 5.0 * 2.7 * T::EPSILON.to_f64();
    for ((row, column), value) in places().zip(&output) {
        if clean(row, column) {
            checked += 1;
            let error = (value.to_f64() - ramp(row, column)).abs();
            prop_assert!(error <= tolerance, "{error:e} above {tolerance:e} at {row}, {column}");
        }
    }
    prop_assert!(checked > 0 || motion.zoom > 2.0 || motion.shift.iter().any(|shift| shift.abs() > 4.0));
    Ok(())
}

/// Lanes and entries have the bits of plain images; decrypted, the message is the resampled message.
fn elements<T, const N: usize>(motion: Motion, seed: u64) -> TestCaseResult
where
    T: Real + Element<Real = T, Context = ()>,
    Spectrum<T, N>: Element<Real = T, Context = ()>,
    Ciphertext<T, N>: Element<Real = T, Context = ()>,
{
    let shape = Shape::new(2, 11, 19);
    let map = motion.affine();
    let keys = generators::Case {
        seed,
        condition: 3.0,
        scale: 1.0,
        spread: generators::Spread::Independent,
        first: [0.0; 8],
        second: [0.0; 8],
    };
    let (key, _, setting) = keys.keys::<T, N>();
    let messages = numbers::<T>(seed, shape.len());
    let plain = run((), shape, &map, &messages);
    let mut generator = ChaCha20Rng::seed_from_u64(seed);
    let mut masks = Uniform::new(-T::ONE, T::ONE).unwrap();
    let encrypted: Vec<Ciphertext<T, N>> =
        messages.iter().map(|message| key.encrypt(*message, &mut masks, &mut generator).unwrap()).collect();
    let output = run((), shape, &map, &encrypted);
    // A weighted mean of ciphertexts, each off by the rounding of its encryption; four products and three sums round their entries, which
    // is what a sum of two terms is allowed.
    let tolerance = setting.conversion(2.0);
    for (ciphertext, message) in output.iter().zip(&plain) {
        let error = (key.decrypt(ciphertext).unwrap().to_f64() - message.to_f64()).abs();
        prop_assert!(error <= tolerance, "{error:e} above {tolerance:e}");
    }
    for entry in 0..N * N {
        let of = |image: &[Ciphertext<T, N>]| -> Vec<T> {
            image.iter().map(|c| c.columns()[entry / N][entry % N]).collect()
        };
        prop_assert_eq!(of(&output), run((), shape, &map, &of(&encrypted)));
    }
    let lanes: Vec<Vec<T>> = (0..N).map(|lane| numbers(seed + lane as u64, shape.len())).collect();
    let spectra: Vec<Spectrum<T, N>> = (0..shape.len())
        .map(|index| Spectrum::from_lanes(std::array::from_fn(|lane| lanes[lane][index])))
        .collect();
    let output = run((), shape, &map, &spectra);
    for (lane, values) in lanes.iter().enumerate() {
        let found: Vec<T> = output.iter().map(|spectrum| spectrum.lanes()[lane]).collect();
        prop_assert_eq!(found, run((), shape, &map, values));
    }
    Ok(())
}

/// A pack of images, each of them with the bits of plain numbers.
struct OfPacks(Motion, u64);

impl<T: PackReal + Element<Real = T, Context = ()>> Job<T> for OfPacks {
    type Output = ();

    fn run<I: Isa<Real = T>>(self, isa: I) {
        let (shape, map) = (Shape::new(1, 13, 21), self.0.affine());
        let images: Vec<Vec<T>> =
            (0..I::SAMPLES).map(|sample| numbers(self.1 + sample as u64, shape.len())).collect();
        let packs: Vec<Pack<I>> = (0..shape.len())
            .map(|index| {
                let mut pack = <Pack<I> as Element>::zero(isa);
                for (sample, image) in pack.samples_mut().iter_mut().zip(&images) {
                    *sample = image[index];
                }
                pack
            })
            .collect();
        let output = run(isa, shape, &map, &packs);
        for (sample, image) in images.iter().enumerate() {
            let found: Vec<T> = output.iter().map(|pack| pack.samples()[sample]).collect();
            assert_eq!(found, run((), shape, &map, image));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/network_resample.txt"
        )))),
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn the_identity_gives_the_bits_of_its_input(shape in shape(), seed in any::<u64>()) {
        let input = numbers::<f32>(seed, shape.len());
        prop_assert_eq!(Affine::new(0.0, 1.0, [0.0, 0.0]).unwrap(), Affine::IDENTITY);
        prop_assert_eq!(run((), shape, &Affine::IDENTITY, &input), input);
        let input = numbers::<f64>(seed, shape.len());
        prop_assert_eq!(run((), shape, &Affine::IDENTITY, &input), input);
    }

    #[test]
    fn values_are_those_of_the_formula(shape in shape(), motion in motion(), seed in any::<u64>()) {
        formula::<f32>(shape, motion, seed)?;
        formula::<f64>(shape, motion, seed)?;
    }

    #[test]
    fn rows_are_those_of_the_whole(shape in shape(), motion in motion(), seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let (input, map) = (numbers::<f32>(seed, shape.len()), motion.affine());
        let whole = run((), shape, &map, &input);
        let middle = (cut * shape.height as f64) as usize;
        for rows in [0..middle, middle..shape.height] {
            let mut part = vec![f32::NAN; shape.channels * rows.len() * shape.width];
            resample_rows((), shape, &map, rows.clone(), &input, &mut part).unwrap();
            for (whole, part) in whole.chunks(shape.plane()).zip(part.chunks(rows.len().max(1) * shape.width)) {
                prop_assert_eq!(&whole[rows.start * shape.width..rows.end * shape.width], part);
            }
        }
    }

    #[test]
    fn a_map_and_its_inverse_cancel(motion in motion()) {
        forward_and_back::<f32>(motion)?;
        forward_and_back::<f64>(motion)?;
    }

    #[test]
    fn ciphertexts_are_resampled_as_their_messages(motion in motion(), seed in 0..1_u64 << 40) {
        elements::<f32, 2>(motion, seed)?;
        elements::<f64, 3>(motion, seed)?;
        elements::<f64, 4>(motion, seed)?;
    }

    #[test]
    fn packs_are_resampled_as_their_samples(motion in motion(), seed in 0..1_u64 << 40) {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            f32::dispatch(set, OfPacks(motion, seed));
            f64::dispatch(set, OfPacks(motion, seed));
        }
    }
}

#[test]
fn whole_pixels_and_quarter_turns_move_pixels() {
    let shape = Shape::new(1, 3, 3);
    let image: Vec<f32> = (1..=9_u8).map(f32::from).collect();
    let down_and_left = Affine::new(0.0, 1.0, [1.0, -1.0]).unwrap();
    // The edge is repeated: at the top the first row, on the right the last column.
    assert_eq!(run((), shape, &down_and_left, &image), [2.0, 3.0, 3.0, 2.0, 3.0, 3.0, 5.0, 6.0, 6.0]);
    // Counterclockwise: what was on the right is on top. The cosine of pi/2 is 6e-17, which the fixed point rounds to 0.
    let quarter = Affine::new(std::f64::consts::FRAC_PI_2, 1.0, [0.0, 0.0]).unwrap();
    assert_eq!(run((), shape, &quarter, &image), [3.0, 6.0, 9.0, 2.0, 5.0, 8.0, 1.0, 4.0, 7.0]);
}

#[test]
fn wrong_maps_and_buffers_are_refused() {
    for (rotation, zoom, shift) in [
        (f64::NAN, 1.0, [0.0, 0.0]),
        (f64::INFINITY, 1.0, [0.0, 0.0]),
        (0.0, 0.0, [0.0, 0.0]),
        (0.0, -1.0, [0.0, 0.0]),
        (0.0, 64.5, [0.0, 0.0]),
        (0.0, f64::NAN, [0.0, 0.0]),
        (0.0, 1.0, [f64::NAN, 0.0]),
        (0.0, 1.0, [0.0, 65_537.0]),
    ] {
        assert_eq!(Affine::new(rotation, zoom, shift), Err(Error::Map), "{rotation} {zoom} {shift:?}");
    }
    let map = Affine::IDENTITY;
    let shape = Shape::new(1, 2, 3);
    let image = [0.0_f32; 6];
    assert_eq!(resample((), shape, &map, &image[..5], &mut [0.0; 6]), Err(Error::Input { expected: 6 }));
    assert_eq!(resample((), shape, &map, &image, &mut [0.0; 7]), Err(Error::Output { expected: 6 }));
    assert_eq!(
        resample_rows((), shape, &map, 1..3, &image, &mut [0.0; 6]),
        Err(Error::Output { expected: 6 })
    );
    assert_eq!(resample_rows((), shape, &map, 1..1, &image, &mut []), Ok(()));
    let long = Shape::new(1, 1, 65_537);
    let expected = 65_536;
    assert_eq!(
        resample((), long, &map, &vec![0.0_f32; 65_537], &mut vec![0.0; 65_537]),
        Err(Error::Side { expected })
    );
    assert_eq!(resample::<f32>((), Shape::new(0, 2, 3), &map, &[], &mut []), Ok(()));
    assert_eq!(map.source(shape, 2, 0), None);
    assert_eq!(map.source(shape, 1, 2), Some([1.0, 2.0]));
    // The largest image, at its farthest corner, under the greatest zoom out: still where the formula says.
    let far = Motion { rotation: 0.7, zoom: 1.0 / 64.0, shift: [65_536.0, -65_536.0] };
    let large = Shape::new(1, 65_536, 65_536);
    let [row, column] = far.affine().source(large, 65_535, 0).unwrap();
    let expected = far.source(large, 65_535, 0);
    // Rounding of the matrix to 2^-33 over 65,536 pixels of either axis, twice.
    assert!(
        (row - expected[0]).abs() < 2.0_f64.powi(-15) && (column - expected[1]).abs() < 2.0_f64.powi(-15)
    );
}
