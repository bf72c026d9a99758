//! From attenuation to a frame: collimator, scatter, blur, quantum noise and display.

use super::Random;
use super::attenuation::Map;
use super::projection::EDGE;

/// How a frame is exposed and shown.
pub(super) struct Detector {
    /// Quanta a pixel where nothing but tissue is.
    quanta: f32,
    /// Scattered quanta, as a share of these.
    scatter: f32,
    /// Deviation of the blur of focal spot and detector, in pixels.
    blur: f32,
    /// How much of what the blur takes away the display puts back.
    edges: f32,
    /// Grey of the middle of the frame, and greys a factor `e` of intensity.
    window: [f32; 2],
    /// Distance of the collimator's blades from the frame's edge: left, right, top, bottom; what passes through them.
    blades: Option<([f32; 4], f32)>,
}

impl Detector {
    pub(super) fn draw(random: &mut Random) -> Self {
        let blades = random.chance(0.45).then(|| {
            let edges = std::array::from_fn(|_| random.between(-4.0, 13.0));
            (edges, random.between(0.02, 0.16))
        });
        Self {
            quanta: random.between(700.0, 2400.0),
            scatter: random.between(0.2, 0.5),
            blur: random.between(0.5, 0.75),
            edges: random.between(0.0, 0.7),
            window: [random.normal_within(0.44, 0.075), random.between(0.42, 0.62)],
            blades,
        }
    }

    /// The frame's bytes.
    pub(super) fn expose(&self, random: &mut Random, attenuation: &Map, out: &mut [u8]) {
        let mean = attenuation.0.iter().sum::<f32>() / attenuation.0.len() as f32;
        let mut intensity: Vec<f32> =
            attenuation.0.iter().map(|depth| libm::expf(mean - depth) + self.scatter).collect();
        if let Some((edges, through)) = &self.blades {
            collimate(&mut intensity, edges, *through);
        }
        blur(&mut intensity, self.blur);
        self.count(random, &mut intensity);
        // Detectors are read in pixels smaller than these: noise is a little correlated.
        blur(&mut intensity, 0.4);
        let [grey, gain] = self.window;
        for value in &mut intensity {
            *value = grey + gain * libm::logf((*value / (1.0 + self.scatter)).max(1e-3));
        }
        let mut smooth = intensity.clone();
        blur(&mut smooth, 1.2);
        for ((pixel, value), smooth) in out.iter_mut().zip(&intensity).zip(&smooth) {
            let shown = display(value + self.edges * (value - smooth));
            *pixel = libm::roundf(255.0 * shown).clamp(0.0, 255.0) as u8;
        }
    }

    /// Quantum noise: counts are Poisson. Their means are above 20 even behind the collimator, where the normal distribution of the same
    /// mean and variance is as good.
    fn count(&self, random: &mut Random, intensity: &mut [f32]) {
        for pair in intensity.chunks_mut(2) {
            for (value, normal) in pair.iter_mut().zip(random.normals()) {
                let quanta = self.quanta * *value;
                *value = (quanta + libm::sqrtf(quanta) * normal).max(0.0) / self.quanta;
            }
        }
    }
}

/// The display's curve: straight in the middle, bending towards black and white.
fn display(grey: f32) -> f32 {
    let bent = |over: f32, room: f32| room * over / (over + room);
    if grey > 0.7 {
        0.7 + bent(grey - 0.7, 0.3)
    } else if grey < 0.2 {
        0.2 - bent(0.2 - grey, 0.2)
    } else {
        grey
    }
}

/// Darkens what is behind the blades, whose edges are blurred over some pixels.
fn collimate(intensity: &mut [f32], edges: &[f32; 4], through: f32) {
    let last = EDGE as f32 - 1.0;
    let open = |inside: f32| {
        let t = (inside / 3.0).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    };
    for (row, pixels) in intensity.chunks_exact_mut(EDGE).enumerate() {
        for (column, pixel) in pixels.iter_mut().enumerate() {
            let (x, y) = (column as f32, row as f32);
            let inside = (x - edges[0]).min(last - edges[1] - x).min(y - edges[2]).min(last - edges[3] - y);
            *pixel *= through + (1.0 - through) * open(inside + 1.5);
        }
    }
}

/// Gaussian blur over five pixels, row by row and column by column; at the border the edge is repeated.
fn blur(values: &mut [f32], deviation: f32) {
    let weight = |offset: f32| libm::expf(-0.5 * offset * offset / (deviation * deviation));
    let [near, far] = [weight(1.0), weight(2.0)];
    let sum = 1.0 + 2.0 * (near + far);
    let (centre, near, far) = (1.0 / sum, near / sum, far / sum);
    let mut source = values.to_vec();
    let last = EDGE - 1;
    for (row, pixels) in values.chunks_exact_mut(EDGE).enumerate() {
        let line = &source[row * EDGE..][..EDGE];
        for (x, pixel) in pixels.iter_mut().enumerate() {
            let at = |x: usize| line[x.min(last)];
            *pixel = centre * line[x]
                + near * (at(x + 1) + line[x.saturating_sub(1)])
                + far * (at(x + 2) + line[x.saturating_sub(2)]);
        }
    }
    source.copy_from_slice(values);
    for (row, pixels) in values.chunks_exact_mut(EDGE).enumerate() {
        let line = |row: usize| &source[row.min(last) * EDGE..][..EDGE];
        let (up, down) = (line(row.saturating_sub(1)), line(row + 1));
        let (above, below) = (line(row.saturating_sub(2)), line(row + 2));
        let middle = line(row);
        for (x, pixel) in pixels.iter_mut().enumerate() {
            *pixel = centre * middle[x] + near * (up[x] + down[x]) + far * (above[x] + below[x]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector() -> Detector {
        Detector { quanta: 400.0, scatter: 0.0, blur: 0.7, edges: 0.0, window: [0.45, 0.4], blades: None }
    }

    #[test]
    fn counts_have_the_variance_of_quanta() {
        let mut intensity = vec![0.5; EDGE * EDGE];
        detector().count(&mut Random::new(1, 1), &mut intensity);
        let count = intensity.len() as f64;
        let mean = intensity.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let variance = intensity.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
        // 200 quanta of 400: deviation sqrt(200)/400. Five deviations of the mean (/256) and of the variance (sqrt(2)/256 of it).
        let expected = 200.0_f64 / 160_000.0;
        assert!((mean - 0.5).abs() < 5.0 * expected.sqrt() / 256.0, "{mean}");
        assert!(
            (variance / expected - 1.0).abs() < 5.0 * 2.0_f64.sqrt() / 256.0,
            "{variance} for {expected}"
        );
    }

    #[test]
    fn blur_has_its_deviation_and_keeps_sums() {
        let mut values = vec![0.0; EDGE * EDGE];
        values[100 * EDGE + 80] = 1.0;
        blur(&mut values, 0.7);
        let moment = |power: i32, of: fn(usize) -> f64| -> f64 {
            values.iter().enumerate().map(|(index, value)| of(index).powi(power) * f64::from(*value)).sum()
        };
        let column = |index: usize| (index % EDGE) as f64 - 80.0;
        let row = |index: usize| (index / EDGE) as f64 - 100.0;
        assert!((moment(0, column) - 1.0).abs() < 1e-6);
        // A sampled Gaussian cut at two pixels: (2 w_1 + 8 w_2) / (1 + 2 w_1 + 2 w_2) with w_k = exp(-k^2 / 0.98).
        let (near, far) = ((-1.0_f64 / 0.98).exp(), (-4.0_f64 / 0.98).exp());
        let expected = (2.0 * near + 8.0 * far) / (1.0 + 2.0 * near + 2.0 * far);
        assert!((moment(2, column) - expected).abs() < 1e-5 && (moment(2, row) - expected).abs() < 1e-5);
        let mut even = vec![0.25; EDGE * EDGE];
        blur(&mut even, 0.7);
        assert!(even.iter().all(|value| (value - 0.25).abs() < 1e-6), "the border repeats the edge");
    }

    #[test]
    fn the_display_is_monotone_and_stays_in_range() {
        let shown: Vec<f32> = (-3000..4000).map(|step| display(step as f32 / 1000.0)).collect();
        assert!(shown.is_sorted() && shown.iter().all(|grey| (0.0..=1.0).contains(grey)));
        assert!(shown.windows(2).all(|pair| pair[1] - pair[0] < 0.0011), "no step");
        assert_eq!(display(0.45), 0.45);
    }

    #[test]
    fn what_attenuates_more_is_darker() {
        let mut map = Map::new();
        map.each(|x, _| if x < 100.0 { 0.5 } else { 0.0 });
        let mut out = vec![0; EDGE * EDGE];
        detector().expose(&mut Random::new(1, 2), &map, &mut out);
        let mean = |from: usize| {
            (0..EDGE * 50).map(|i| f64::from(out[i / 50 * EDGE + from + i % 50])).sum::<f64>() / 12_800.0
        };
        // The window is linear in attenuation: 0.4 of 255 greys a unit; the noise of the mean is a fiftieth of a grey, its log is lower by
        // half the relative variance, below half a grey.
        assert!((mean(150) - mean(20) - 0.5 * 0.4 * 255.0).abs() < 1.0, "{} and {}", mean(150), mean(20));
    }
}
