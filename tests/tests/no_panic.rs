//! `no-panic` links only if no public operation of `more-core` can panic.

use more_tests::device::build;

#[test]
#[ignore = "needs the target thumbv7em-none-eabihf"]
fn links_unless_an_operation_can_panic() {
    let scratch = env!("CARGO_TARGET_TMPDIR");
    let proof = build("no-panic", scratch, &[]);
    assert!(proof.status.success(), "{}", String::from_utf8_lossy(&proof.stderr));

    // An index out of bounds must be noticed, for just that reason.
    let canary = build("no-panic", scratch, &["--features", "canary"]);
    let message = String::from_utf8_lossy(&canary.stderr);
    assert!(!canary.status.success(), "the canary linked");
    assert!(message.contains("undefined symbol: a_public_operation_can_panic"), "{message}");
}
