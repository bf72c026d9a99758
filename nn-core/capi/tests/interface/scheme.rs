//! Encryption, decryption and ciphertexts as bytes.

use super::*;

#[test]
fn an_image_and_its_rows_are_encrypted_as_by_the_crate_and_decrypted_again() {
    let scene = scene();
    let expected = to_c(&encrypted(&scene));
    let mut whole = vec![ZERO; INPUT];
    assert_eq!(encrypt(&scene.key, &mut generator(9), &scene.image, &mut whole), MoreStatus::Ok);
    assert_eq!(whole, expected);

    let mut rows = vec![ZERO; INPUT];
    let mut generator = generator(9);
    for (messages, out) in scene.image.chunks(ROW).zip(rows.chunks_mut(ROW)) {
        assert_eq!(encrypt(&scene.key, &mut generator, messages, out), MoreStatus::Ok);
    }
    assert_eq!(rows, expected);

    let mut back = vec![0.0; INPUT];
    // SAFETY: lengths of the vectors.
    let status = unsafe { more_decrypt(&scene.key, rows.as_ptr(), INPUT, back.as_mut_ptr(), INPUT) };
    assert_eq!((status, back), (MoreStatus::Ok, scene.image));
}

#[test]
fn masks_of_the_caller_stand_beside_the_messages() {
    let scene = scene();
    let masks: Vec<f32> = scene.image.iter().rev().copied().collect();
    let mut out = vec![ZERO; INPUT];
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        more_encrypt_with_masks(
            &scene.key,
            scene.image.as_ptr(),
            INPUT,
            masks.as_ptr(),
            INPUT,
            out.as_mut_ptr(),
            INPUT,
        )
    };
    assert_eq!(status, MoreStatus::Ok);
    for ((cell, message), mask) in out.iter().zip(&scene.image).zip(&masks) {
        assert_eq!((cell.lanes[scene.lane], cell.lanes[1 - scene.lane]), (*message, *mask));
    }
}

#[test]
fn sizes_are_those_of_the_crate() {
    let mut sizes = zeroed();
    // SAFETY: both are references.
    let status = unsafe { more_network_sizes(&network(), &mut sizes) };
    let expected = MoreNetworkSizes {
        parameters: RUST_NETWORK.parameters(),
        input: INPUT,
        row: ROW,
        outputs: OUTPUTS,
        scratch: SCRATCH,
        stream_memory: MEMORY,
    };
    assert_eq!((status, sizes), (MoreStatus::Ok, expected));
    assert_eq!(more_interface_version(), MORE_INTERFACE_VERSION);
}

#[test]
fn an_image_travels_as_bytes_and_is_answered_without_a_key() {
    let scene = scene();
    let image = cells(&scene);
    let header = Header::spectra(&scene.evaluation, Shape::Image { channels: 2, height: 13, width: 11 });
    let mut expected = vec![0; wire::encoded_len::<Cell>(INPUT)];
    wire::encode(&header.expect("a shape"), &encrypted(&scene), &mut expected).expect("room");

    let mut bytes = vec![0; expected.len() + 3];
    let mut written = 0;
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        more_encode_image(
            &scene.key,
            2,
            13,
            11,
            image.as_ptr(),
            INPUT,
            bytes.as_mut_ptr(),
            bytes.len(),
            &mut written,
        )
    };
    assert_eq!((status, &bytes[..written]), (MoreStatus::Ok, &expected[..]));

    let mut back = vec![ZERO; INPUT];
    let decode = |bytes: &[u8], back: &mut [MoreCell]| {
        // SAFETY: lengths of the slices.
        unsafe { more_decode(bytes.as_ptr(), bytes.len(), back.as_mut_ptr(), back.len()) }
    };
    assert_eq!(decode(&expected, &mut back), MoreStatus::Ok);
    assert_eq!(back, image);
    assert_eq!(decode(&expected, &mut back[1..]), MoreStatus::Length);
    assert_eq!(decode(&expected[1..], &mut back), MoreStatus::Encoding);
    let mut damaged = expected.clone();
    damaged[100] ^= 1;
    assert_eq!(decode(&damaged, &mut back), MoreStatus::Encoding);

    let mut answer = vec![0; 200];
    // SAFETY: lengths of the vectors.
    let status = unsafe {
        let (request, elements) = (expected.as_ptr(), image.as_ptr());
        let room = answer.len();
        more_encode_answer(request, expected.len(), elements, 3, answer.as_mut_ptr(), room, &mut written)
    };
    assert_eq!(status, MoreStatus::Ok);
    let (header, elements) = wire::elements::<Cell>(&answer[..written]).expect("an encoding");
    header.check_key(&scene.evaluation).expect("the same key and order");
    assert_eq!(to_c(&elements.collect::<Vec<_>>()), image[..3]);
}
