#!/usr/bin/env python3
"""Reads ciphertexts and spectra as docs/formats.md has them, from its text alone, and prints the numbers.

    wire.py FILE         FILE is one encoding
    wire.py --line FILE  FILE is what came over a serial line: every transfer that is complete is read, the rest is named

The first line printed is: form, scalar, lanes, key id, lane order, shape. Then follows one line for each element, with the
shortest decimal that is the number; in matrix form row by row.
"""

import struct
import sys
import zlib


def fail(message):
    sys.exit(f"wire.py: {message}")


def read(data):
    """The header's fields and the elements of one encoding."""
    if data[:4] != b"MORE":
        fail("no encoding")
    if len(data) > 4 and data[4] != 1:
        fail(f"version {data[4]}")
    if len(data) < 52:
        fail("cut off")
    kind, size, lanes = data[5:8]
    order, rank, *extents, header_checksum = struct.unpack("<6I", data[24:48])
    if kind not in (3, 4):
        fail(f"kind {kind}")
    if zlib.crc32(data[:44]) != header_checksum:
        fail("the header is damaged")
    if size not in (4, 8) or not 2 <= lanes <= 8 or rank not in (0, 1, 3) or any(extents[rank:]):
        fail("a field of the header is out of range")
    if kind == 3 and order != 0:
        fail("ciphertexts with a lane order")
    extents = extents[:rank]
    if rank == 3 and 0 in extents:
        fail("an image without pixels")
    count = 1
    for extent in extents:
        count *= extent
    numbers = lanes * lanes if kind == 3 else lanes
    length = 48 + count * numbers * size + 4
    if len(data) != length:
        fail(f"{len(data)} bytes where the header says {length}")
    (checksum,) = struct.unpack("<I", data[-4:])
    if zlib.crc32(data[48:-4], header_checksum) != checksum:
        fail("the encoding is damaged")
    scalar = "f" if size == 4 else "d"
    elements = []
    for k in range(count):
        at = 48 + k * numbers * size
        values = struct.unpack(f"<{numbers}{scalar}", data[at : at + numbers * size])
        if kind == 3:
            values = [values[j * lanes + i] for i in range(lanes) for j in range(lanes)]
        elements.append(values)
    header = ("matrix" if kind == 3 else "spectral", f"f{8 * size}", lanes, data[8:24].hex(), f"{order:08x}", extents)
    return header, elements


def unstuff(segment):
    """The frame in the bytes before a zero, or None."""
    out = bytearray()
    at = 0
    while at < len(segment):
        code = segment[at]
        run = segment[at + 1 : at + code]
        if len(run) != code - 1:
            return None
        out += run
        at += code
        if code != 255 and at < len(segment):
            out.append(0)
    return bytes(out)


def transfers(line):
    """The bytes of the transfers on a line that are complete, and words on the others."""
    found = {}
    for segment in line.split(b"\0")[:-1]:
        if not segment:
            continue
        frame = unstuff(segment)
        if frame is None or len(frame) < 20:
            print("damaged", file=sys.stderr)
            continue
        (checksum,) = struct.unpack("<I", frame[-4:])
        if zlib.crc32(frame[:-4]) != checksum or frame[0] != 1:
            print("damaged", file=sys.stderr)
            continue
        _, kind, length, sequence, number, offset, total = struct.unpack("<BBHHHII", frame[:16])
        payload = frame[16:-4]
        if length != len(payload):
            fail("a frame with another length than it says")
        pieces, end = found.setdefault((number, total), ({}, []))
        if kind == 2:
            pieces[offset] = payload
        if kind == 3:
            end.append(struct.unpack("<I", payload)[0])
    for (number, total), (pieces, end) in found.items():
        data = b""
        while len(data) in pieces and len(data) < total:
            data += pieces[len(data)]
        if len(data) != total:
            print(f"transfer {number} lacks bytes from {len(data)}", file=sys.stderr)
        elif not end or zlib.crc32(data) != end[-1]:
            print(f"transfer {number} is not what was sent", file=sys.stderr)
        else:
            yield data


def show(data):
    (form, scalar, lanes, key, order, extents), elements = read(data)
    print(form, scalar, lanes, key, order, *extents)
    for values in elements:
        print(*(repr(value) for value in values))


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "--line":
        with open(arguments[1], "rb") as file:
            for data in transfers(file.read()):
                show(data)
    elif len(arguments) == 1:
        with open(arguments[0], "rb") as file:
            show(file.read())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
