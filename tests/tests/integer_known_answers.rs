//! Known answers of the integer scheme, made by `scripts/integer_known_answers.py` from the description alone. They pin the order and
//! use of random bytes, on every platform.

use more_core::integer::crypto_bigint::{SplitEven, U256, U512, Uint};
use more_core::integer::{Modulus, Residue, SecretKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn check<const L: usize, const H: usize, const N: usize>(
    seed: u8,
    value: &str,
    message: Uint<L>,
    key_columns: [[&str; N]; N],
    ciphertext: [[&str; N]; N],
) where
    Uint<L>: SplitEven<Output = Uint<H>>,
{
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let modulus = Modulus::<L>::generate(&mut rng).expect("a seeded generator");
    assert_eq!(*modulus.value(), Uint::from_be_hex(value));
    let integers = |columns: &[[Residue<L>; N]; N]| columns.map(|column| column.map(|x| modulus.integer(&x)));
    let known = |columns: [[&str; N]; N]| columns.map(|column| column.map(Uint::from_be_hex));

    let key = SecretKey::<L, N>::generate(&modulus, &mut rng).expect("a seeded generator");
    assert_eq!(integers(key.expose_columns()), known(key_columns));
    let residue = modulus.residue(&message).expect("below the modulus");
    let c = key.encrypt(&residue, &mut rng).expect("a seeded generator");
    assert_eq!(integers(c.columns()), known(ciphertext));
    assert_eq!(modulus.integer(&key.decrypt(&c)), message);
}

#[test]
fn two_lanes() {
    check(
        42,
        "da6a3bf888e22d4c7f71fd8084199037fd4e3b61d7e7b6d7aa5ce39f3b5833e1",
        U256::from(1_234_567_890_123_456_789_u64),
        [
            [
                "029dba4ed00ab98fbc1e0805687498e46d2edf45ef7c39da8d07b14475fdfc7b",
                "be02c4ae0839fdc403df8e6837590b94c6560fd932e887391e872fd4570ef036",
            ],
            [
                "8b6dc1b29061c67fe0196871d04fdda22deb49e37276e3948db701a6062b94a3",
                "b2510aa4b52585615f0d756cf99d679e2cd3a6b94b232ce469759e60d724c95b",
            ],
        ],
        [
            [
                "5650af17b2475daf367e3231d014b72fb58f1da7743ca9669ce2d8117fcaeb3e",
                "bf1f07b174228ef266817e9c1e568fdb2df9eb52f6200fc673083fbb2c64d2f6",
            ],
            [
                "731f530168098a6cdcda483f9b45309ba26f921e75bfe603976f7ccb95a72d90",
                "24cdaa82161fd6538931174c8fbe74b79106cd53bb7ae8a7227c36e3656b08ec",
            ],
        ],
    );
}

#[test]
fn three_lanes() {
    check(
        7,
        concat!(
            "d3add0cb1d739502cb27943e69555a35c5079f8fcf988b1866a88850830aaead",
            "d4e4cd474753e96f5a60ebcdd3920c7ea6a752e4d98eff2d89f7824135e4a3dd"
        ),
        U512::ONE.wrapping_shl_vartime(300).wrapping_add(&U512::ONE),
        [
            [
                concat!(
                    "2a18815e316074bd7b89b6efdfe5e0f5bad277fb62a4d0f3f3ecf1539aa80ede",
                    "08744dbbc9444fea3dc5fc11d414eab666e361c9000472c0fd046b600c298437"
                ),
                concat!(
                    "a484c1da89b86f97a0bb84dad0800b20200a9b4d849f67d3a074fe0761b52fc8",
                    "37b6929dde953e264a96c180e6fd2db8de7172531aaa026134f14f185667bec2"
                ),
                concat!(
                    "5b8453ba28e956d369bf78a18766a18641a7bf84f11841110e2aeb0e79dbc7e7",
                    "8f779953ba166e3d5f701835c7432a50ec2a73720e3c5a296dc05e9cabb6d877"
                ),
            ],
            [
                concat!(
                    "70d5691581eca5fd34734743c22ba695ef2d073bb8677e337a8db0a20d7123a0",
                    "b8215c351538e3de9bcd2360b3705b02ca90508d18afbc99af2324c2443256d7"
                ),
                concat!(
                    "758bbfd8c42c2fbaee5a053c17551212b2f4a9d08e9b9b1c90acfc24ca7f1c8c",
                    "cade9c40cd702466c9fdeaaf006038876dc2fca52866b5212776b4ef2b446b20"
                ),
                concat!(
                    "31e0729fb83fb4fea548712b51ff163f96603f1da10ab7c3005fe7c96313a341",
                    "60e3e2bf4d68de086fd241cb3c4c0ed503f256e71cb3a0ec8dceb4cc9551ca0c"
                ),
            ],
            [
                concat!(
                    "0647e3d8fcc9ee59aab1772faaa2b17fb92e1023b67214ff1e2b0ce2af1e48f0",
                    "90d45b4ce7b321d1c69dd1736c1e943c26523b2e4448a85d490c6bc5ff6cba86"
                ),
                concat!(
                    "61bfa4264a0223872cc67a9a1605324744c5dd2d3b566575a2c1fdfd103d52a1",
                    "3c7f023c5a3e340bafc051d6d2702e970afa9461220a0d63c2a5f4f2c5e2cc9a"
                ),
                concat!(
                    "100e1d40bb74cf7c3506d175d758b8d061bd63d928782312ae187d5d6dcbe35d",
                    "def87353d822cd365071fa156e85d00017707fc6ba8eb03a91bb1aafdfeb14ef"
                ),
            ],
        ],
        [
            [
                concat!(
                    "bde752312b36be21837184d0a04759a1692167730c737d4bfc361174846e50a2",
                    "69cf81b070b991a92450250723b1f4ff371f43c9bca3b93c8d5b3535498c079f"
                ),
                concat!(
                    "664bdae3612e7ca46b89c7dd0b2c9bf22bffd33da4d3cbd400c17ce983e91cd9",
                    "d6aec2515990c27b1f58289f4021899d9b930a90476d3a962476868e67d3aa73"
                ),
                concat!(
                    "6d81c8d2c6a7a50379e100d991ab09d4e74139d051fd71653f0cf44253b2ec10",
                    "ab151643b3a06dd10889374c0476cfd2d284c24a5887065804d3732b90cb949c"
                ),
            ],
            [
                concat!(
                    "24f639cb15f07c48e526d55fc9bf3899a59c2c7df25ef33eb70e212b5085a486",
                    "b4ae7d60f99de3b9e0f3fd76e6aebf070b4ac050a4bc40796d4b90b6d4f579fb"
                ),
                concat!(
                    "a6a1ee498dc6083a903a85c4fd56091239026fb9de78e99d84da0c27e37dee4c",
                    "c469d8e890edc94695d67c54ddad9870d812ce7fb2e5f14689e802e488c1fb43"
                ),
                concat!(
                    "67396f67f3b83dbd9bc769a5fa43143c7cd21df0f00016f95653e101e7708d51",
                    "6424c3c1c653fa5160869ffd7ed4be20f8f10f58a55464e62dde8131043e202b"
                ),
            ],
            [
                concat!(
                    "8666039686ddfd4690f9ad6d0e7395344686f4c4de1f0959016490944c2cda26",
                    "0d017e41ca02fdb43c9b18c11caf1506b3ade233932216c3e4aa998118597e64"
                ),
                concat!(
                    "724c4c8688c2ec1e6186d06001660ac703b935b5b8990c4de18470b925965015",
                    "1e3fe4e356fd36745b662eb8b67720f4a3b529f9343a99154bd0e7a043653124"
                ),
                concat!(
                    "29dcf538ae2a41385355b8849a3c9fdba8c2fedd29ce1645ae33bcae9b63f128",
                    "55582b55bf6f3fd03c6a15f992e83afe1e75c0f14c6c390ef13a645ac819803f"
                ),
            ],
        ],
    );
}
