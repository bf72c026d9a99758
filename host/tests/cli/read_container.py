"""Reads what `more-nn encrypt` wrote, with nothing of this project: arguments KEY MATRIX SPECTRAL.

Decrypts both forms by the formulas of the scheme and checks that they agree, that all pixels lie in [0, 1] on the
grid of bytes, that labels are one-hot, and every checksum. Exits with an error otherwise.
"""

import json
import struct
import sys
import zlib

import numpy as np
from safetensors import safe_open


def key(data):
    assert data[:4] == b"MORE" and data[4] == 1, "magic and version"
    scalar, n = {4: "<f4", 8: "<f8"}[data[6]], data[7]
    assert zlib.crc32(data[:-4]) == struct.unpack("<I", data[-4:])[0], "checksum of the key"
    columns = np.frombuffer(data[24:-4], scalar).reshape(n, n).T.astype("f8")
    return data[5], data[8:24].hex(), columns


def load(path):
    with open(path, "rb") as file:
        raw = file.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    with safe_open(path, "np") as file:
        metadata = json.loads(file.metadata()["more"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert start % 64 == 0, "alignment of the data"
    data = raw[start : len(raw) - tensors["checksums"].nbytes]
    sums = [zlib.crc32(raw[:start])] + [zlib.crc32(data[i : i + 2**20]) for i in range(0, len(data), 2**20)]
    assert sums == tensors["checksums"].tolist(), "checksums"
    return metadata, tensors


kind, key_id, S = key(open(sys.argv[1], "rb").read())
assert kind == 1
inverse = np.linalg.inv(S)
decrypted = []
for path in sys.argv[2:]:
    metadata, tensors = load(path)
    assert metadata["key_id"] == key_id and metadata["scheme"] == "MORE"
    n = metadata["n"]
    padded = tensors["evaluation_key"].tobytes()
    kind, evaluation_id, V = key(padded[: 28 + n * n * (8 if metadata["scalar"] == "f64" else 4)])
    assert kind == 2 and evaluation_id == key_id
    permutation = np.abs(inverse @ V)
    lane = int(permutation[0].argmax())
    for name in ["images", "labels"]:
        values = tensors[name].astype("f8")
        if metadata["form"] == "matrix":
            assert values.shape[1:3] == (n, n)
            values = np.einsum("i,cij...,j->c...", inverse[0], values, S[:, 0])
        else:
            assert values.shape[1] == n
            values = values[:, lane]
        decrypted.append(values)

images, labels, spectral_images, spectral_labels = decrypted
assert list(images.shape[1:]) == metadata["shape"]
# Encryption and decryption cost kappa^2 eps = 9 x 6e-8 with condition number 3; ten times that is allowed.
tolerance = 5e-6
assert np.abs(images - spectral_images).max() < tolerance
assert np.abs(labels - spectral_labels).max() < tolerance
assert np.abs(images * 255 - np.rint(images * 255)).max() < 255 * tolerance
assert images.min() > -tolerance and images.max() < 1 + tolerance and images.max() > 0.5
assert np.abs(np.sort(labels, axis=1)[:, -1] - 1).max() < tolerance
assert np.abs(np.sort(labels, axis=1)[:, :-1]).max() < tolerance
print("ok", images.shape, labels.shape)
