//! Phantoms of coronary angiograms: a data set made on the spot, for demonstrations, tests and as public look-alikes of patients.
//!
//! A patient has a heart ([`heart`]), a left and a right coronary tree on it ([`anatomy`]) and a chest around ([`thorax`]); a frame is
//! a cone-beam projection from a clinical angle ([`projection`]) through what attenuates the rays ([`attenuation`]), as a detector
//! shows it ([`detector`]). Frame `i` depends on the seed, the part of the data set and `i` alone, and on no function of the platform's
//! own mathematics library.

mod anatomy;
mod attenuation;
mod detector;
mod heart;
mod projection;
mod thorax;
mod vessel;

use std::sync::Arc;

use anatomy::{Habitus, Side, Tree};
use attenuation::{IODINE, Map};
use detector::Detector;
use heart::Heart;
use projection::{CArm, EDGE};
use thorax::Thorax;

use super::random::Random;
use super::{Dataset, Pixels, ReadImage, Split};
use crate::error::Error;

/// Frames of the training part where no number is given; of validation and test a fifth. As many as ARCADE has.
const DEFAULT_TRAIN: usize = 1_000;
const DEFAULT_TEST: usize = 200;
/// Pixels of a frame.
const PIXELS: usize = EDGE * EDGE;
/// The classes: the artery that contrast agent was injected into.
const CLASSES: [&str; 2] = ["LCA", "RCA"];
/// Frames of a patient, five of the left artery and three of the right: the shares of the published data sets.
const FRAMES: [Side; 8] = {
    use Side::{Left, Right};
    [Left, Right, Left, Left, Right, Left, Right, Left]
};

/// A part of the data set, at most `limit` frames of it; each is drawn when it is read.
pub(super) fn open(count: Option<usize>, seed: u64, split: Split, limit: usize) -> Result<Dataset, Error> {
    let (part, default) = match split {
        Split::Train => (0, DEFAULT_TRAIN),
        Split::Val => (1, DEFAULT_TEST),
        Split::Test => (2, DEFAULT_TEST),
        Split::All => {
            return Err(Error::usage("angiograms are made for train, val or test, not for all at once"));
        }
    };
    let frames = Angiograms::new(seed, part);
    let count = count.unwrap_or(default).min(limit);
    Ok(Dataset {
        shape: [1, EDGE, EDGE],
        classes: CLASSES.map(str::to_owned).to_vec(),
        pixels: Pixels::Read(Arc::new(frames)),
        count,
        labels: (0..count).map(|frame| frames.label(frame)).collect(),
        patients: (0..count).map(|frame| Some(format!("{split}-{}", frames.patient(frame)))).collect(),
    })
}

/// The frames of a part of the data set.
#[derive(Clone, Copy, Debug)]
struct Angiograms {
    seed: u64,
    /// Added to a patient's number.
    part: u64,
}

impl Angiograms {
    /// Parts have different patients; `part` is 0 to 3.
    fn new(seed: u64, part: u64) -> Self {
        Self { seed, part: part << 61 }
    }

    /// The number of a frame's patient in this part.
    fn patient(self, frame: usize) -> usize {
        frame / FRAMES.len()
    }

    /// The class of a frame, an index into [`CLASSES`].
    fn label(self, frame: usize) -> u32 {
        match FRAMES[frame % FRAMES.len()] {
            Side::Left => 0,
            Side::Right => 1,
        }
    }

    /// Draws a frame: [`PIXELS`] bytes, row by row.
    fn draw(self, frame: usize, out: &mut [u8]) {
        let side = FRAMES[frame % FRAMES.len()];
        let stream = self.part | ((self.patient(frame) as u64) << 4);
        let mut of_frame = Random::new(self.seed, stream | (1 + (frame % FRAMES.len()) as u64));
        let mut of_patient = Random::new(self.seed, stream);
        // Between the end of diastole and of systole.
        let beat = of_frame.between(0.9, 1.0);
        let heart = Heart::draw(&mut of_patient, beat);
        let habitus = Habitus::draw(&mut of_patient);
        let thorax = Thorax::draw(&mut of_patient, &heart, of_frame.between(-6.0, 18.0));
        let mut of_tree = Random::new(self.seed, stream | if side == Side::Left { 9 } else { 10 });
        let tree = Tree::draw(&mut of_tree, &heart, &habitus, side);

        let mut arm = CArm::draw(&mut of_frame, side);
        let off = [of_frame.between(-22.0, 22.0), of_frame.between(-22.0, 22.0)];
        arm.centre(tree.vessels.iter().flat_map(|vessel| &vessel.points), off);
        let mut map = Map::new();
        thorax.add(&mut of_frame, &arm, &mut map);
        thorax::texture(&mut of_frame, 0.02, &mut map);
        // Contrast agent of 320 to 370 mg of iodine a millilitre, diluted by blood.
        let iodine = of_frame.between(0.13, 0.27);
        for vessel in &tree.vessels {
            // The front of the bolus is diluted most.
            map.tube(&arm, &vessel.points, &vessel.radii, |_| IODINE * iodine);
        }
        thorax::catheter(&mut of_frame, &heart, &tree.ostium(), &arm, iodine, &mut map);
        let detector = Detector::draw(&mut of_frame);
        detector.expose(&mut of_frame, &map, out);
    }
}

impl ReadImage for Angiograms {
    fn read_image(&self, index: usize, out: &mut [f32]) -> Result<(), Error> {
        let mut bytes = vec![0; PIXELS];
        self.draw(index, &mut bytes);
        for (value, byte) in out.iter_mut().zip(bytes) {
            *value = f32::from(byte) / 255.0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seed: u64, part: u64, index: usize) -> Vec<u8> {
        let mut out = vec![0; PIXELS];
        Angiograms::new(seed, part).draw(index, &mut out);
        out
    }

    #[test]
    fn a_frame_depends_on_seed_part_and_index_alone() {
        let one = frame(1, 0, 3);
        assert!(one == frame(1, 0, 3));
        for other in [frame(2, 0, 3), frame(1, 1, 3), frame(1, 0, 2), frame(1, 0, 11)] {
            assert!(one != other);
        }
    }

    #[test]
    fn patients_have_five_frames_of_the_left_and_three_of_the_right() {
        let data = Angiograms::new(1, 0);
        for patient in 0..5 {
            let frames: Vec<usize> = (0..40).filter(|frame| data.patient(*frame) == patient).collect();
            assert_eq!(frames, (8 * patient..8 * patient + 8).collect::<Vec<_>>());
            assert_eq!(frames.iter().filter(|frame| data.label(**frame) == 1).count(), 3);
        }
    }

    /// Mean and deviation of grey, on average: of 60 frames of each class of ARCADE, 256 x 256, they are 0.44 and 0.13.
    #[test]
    fn greys_are_those_of_angiograms() {
        for label in [0, 1] {
            let frames = (0..96).filter(|frame| Angiograms::new(4, 0).label(*frame) == label).take(32);
            let (mut means, mut deviations) = (0.0, 0.0);
            for index in frames {
                let grey: Vec<f64> = frame(4, 0, index).iter().map(|byte| f64::from(*byte) / 255.0).collect();
                let mean = grey.iter().sum::<f64>() / PIXELS as f64;
                means += mean / 32.0;
                deviations +=
                    (grey.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / PIXELS as f64).sqrt() / 32.0;
            }
            // Frames' means have a deviation of 0.08, and so 32 of them one of 0.014; deviations one of 0.03, hence 0.005. Four of them.
            assert!((means - 0.44).abs() < 0.056, "class {label}: mean {means}");
            assert!((deviations - 0.13).abs() < 0.02, "class {label}: deviation {deviations}");
        }
    }

    #[test]
    fn pixels_are_pinned() {
        let found: Vec<u32> = (0..3).map(|index| crc32fast::hash(&frame(20, 2, index))).collect();
        assert_eq!(found, PINNED);
    }

    /// From this generator itself (x86-64), to show that other platforms draw the same.
    const PINNED: [u32; 3] = [3_381_521_971, 4_037_032_306, 2_041_570_415];
}
