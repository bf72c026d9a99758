//! `no-panic` links only if no public operation of `more-core` can panic, and no network of `nn-core`.

use more_tests::device::build;

/// A binary, and the symbol that it lacks if it can panic.
const PROOFS: [(&str, &str); 2] =
    [("more-no-panic", "a_public_operation_can_panic"), ("network", "a_network_can_panic")];

#[test]
#[ignore = "needs the target thumbv7em-none-eabihf"]
fn links_unless_an_operation_can_panic() {
    let scratch = env!("CARGO_TARGET_TMPDIR");
    for (binary, symbol) in PROOFS {
        let proof = build("no-panic", scratch, &["--bin", binary]);
        assert!(proof.status.success(), "{}", String::from_utf8_lossy(&proof.stderr));

        // An index out of bounds must be noticed, for just that reason.
        let canary = build("no-panic", scratch, &["--bin", binary, "--features", "canary"]);
        let message = String::from_utf8_lossy(&canary.stderr);
        assert!(!canary.status.success(), "the canary linked");
        assert!(message.contains(&format!("undefined symbol: {symbol}")), "{message}");
    }
}
