//! What debug builds watch. A file of its own: the figures are of the whole process.

use more_core::{SecretKey, tracking};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

#[test]
fn debug_builds_watch_the_distance_from_the_algebra() {
    let key = SecretKey::<f32, 3>::generate(&mut ChaCha20Rng::seed_from_u64(5)).expect("seeded");
    tracking::reset();
    let fresh = key.encrypt_lanes(&[0.9, -1.1, 1.05]).expect("finite");
    assert!(key.decrypt(&fresh).is_ok());
    assert_eq!(tracking::report().is_some(), cfg!(debug_assertions));
    let Some(before) = tracking::report() else { return };
    assert_eq!(before.read, 1);
    assert_eq!(before.residual, key.residual(&fresh));
    assert_eq!(before.condition, key.condition() as f32);

    // A power of 64 factors drifts from the algebra.
    let mut power = fresh;
    for _ in 0..64 {
        power *= fresh;
    }
    assert!(key.decrypt(&power).is_ok());
    let after = tracking::report().expect("a debug build");
    assert_eq!(after.read, 2);
    assert_eq!(after.residual, key.residual(&power));
    assert!(after.residual > before.residual, "{after:?}");
    tracking::reset();
    assert_eq!(tracking::report().map(|report| report.read), Some(0));
}
