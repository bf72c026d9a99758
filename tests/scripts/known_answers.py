#!/usr/bin/env python3
"""Makes the values of tests/scheme_known_answers.rs, in plain Python and by the published description only.

ChaCha20 (djb: 64-bit block counter, zero nonce) under the seed gives a byte stream. From it, in this order:
16 bytes of key id; n x n standard normal numbers for U and as many for V^T, by Box and Muller from two 53-bit numbers
each, orthogonalised column by column; n singular values 1 + (c - 1) u; S = U diag(s) V^T with unit columns, drawn
again while the condition number is above c. Then C = S diag(lanes) S^-1 in rational arithmetic on the rounded S.

Masks are made of uniform numbers, the upper 24 of 32 bits or the upper 53 of 64: normal ones from two each, probability
vectors by breaking a stick, classes from 32-bit words. Decimal arithmetic to 40 digits, rounded once at the end.
"""

import math
import struct
from decimal import Decimal, getcontext
from fractions import Fraction


def chacha20(seed):
    def rotate(x, by):
        return (x << by | x >> (32 - by)) & 0xFFFFFFFF

    def quarter(s, a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] = rotate(s[z] ^ s[x], by)

    key = struct.unpack("<8I", seed)
    counter = 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, counter & 0xFFFFFFFF, counter >> 32, 0, 0]
        s = start[:]
        for _ in range(10):
            for k in range(4):
                quarter(s, k, 4 + k, 8 + k, 12 + k)
            for k in range(4):
                quarter(s, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4)
        yield from struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, start)))
        counter += 1


class Stream:
    def __init__(self, seed):
        self.bytes = chacha20(seed)

    def take(self, count):
        return bytes(next(self.bytes) for _ in range(count))

    def unit(self):
        return (struct.unpack("<Q", self.take(8))[0] >> 11) / 2.0**53

    def normal(self):
        u, v = self.unit(), self.unit()
        return math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v)


def orthogonal(stream, n):
    columns = []
    for _ in range(n):
        x = [stream.normal() for _ in range(n)]
        for _ in range(2):
            for q in columns:
                along = math.fsum(a * b for a, b in zip(q, x))
                x = [a - along * b for a, b in zip(x, q)]
        length = math.hypot(*x)
        columns.append([a / length for a in x])
    return columns


def condition(columns):
    """From the extreme eigenvalues of the Gram matrix, by power iteration."""
    n = len(columns)
    gram = [[math.fsum(a * b for a, b in zip(x, y)) for y in columns] for x in columns]

    def largest(matrix):
        x = [1.0 + 0.1 * k for k in range(n)]
        for _ in range(2000):
            x = [math.fsum(a * b for a, b in zip(row, x)) for row in matrix]
            length = math.hypot(*x)
            x = [a / length for a in x]
        return length

    top = largest(gram)
    shifted = [[(top if i == j else 0.0) - gram[i][j] for j in range(n)] for i in range(n)]
    return math.sqrt(top / (top - largest(shifted)))


def inverse(columns):
    """Exact, by Gauss-Jordan elimination on fractions; rows of the inverse."""
    n = len(columns)
    rows = [[Fraction(columns[j][i]) for j in range(n)] + [Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k])]
    return [row[n:] for row in rows]


def main(seed, n, bound, lanes):
    stream = Stream(bytes([seed] * 32))
    print(f"seed {seed} n {n}\nid {stream.take(16).hex()}")
    while True:
        u, vt = orthogonal(stream, n), orthogonal(stream, n)
        s = [1 + (bound - 1) * stream.unit() for _ in range(n)]
        columns = [[math.fsum(u[k][i] * s[k] * vt[j][k] for k in range(n)) for i in range(n)] for j in range(n)]
        columns = [[x / math.hypot(*column) for x in column] for column in columns]
        if condition(columns) <= bound:
            break
    print("columns", columns, "condition", condition(columns))
    rows = inverse(columns)
    entries = [
        [float(sum(Fraction(columns[k][i]) * Fraction(lanes[k]) * rows[k][j] for k in range(n))) for i in range(n)]
        for j in range(n)
    ]
    print("ciphertext, by columns", entries)


def cosine(x):
    """The Taylor series; at most 2 pi, where 60 terms reach 40 digits."""
    term, total = Decimal(1), Decimal(1)
    for k in range(1, 60):
        term *= -x * x / ((2 * k - 1) * (2 * k))
        total += term
    return total


def masks(width):
    getcontext().prec = 50
    pi = Decimal("3.1415926535897932384626433832795028841971693993751")
    stream = Stream(bytes(32))

    def unit():
        if width == 32:
            return Decimal(struct.unpack("<I", stream.take(4))[0] >> 8) / 2**24
        return Decimal(struct.unpack("<Q", stream.take(8))[0] >> 11) / 2**53

    def shown(x):
        return struct.unpack("<f", struct.pack("<f", x))[0] if width == 32 else float(x)

    print(f"f{width}, zero seed: normal, mean 0.5, deviation 0.25")
    values = []
    for _ in range(4):
        u, v = unit(), unit()
        values.append(Decimal("0.5") + Decimal("0.25") * (-2 * (1 - u).ln()).sqrt() * cosine(2 * pi * v))
    print([shown(x) for x in values])

    stream = Stream(bytes(32))
    print(f"f{width}: simplex of 4, first two lanes of one vector")
    for _ in range(2):
        left, values = Decimal(1), []
        for further in (3, 2, 1):
            share = 1 - ((1 - unit()).ln() / further).exp()
            values.append(left * share)
            left -= values[-1]
        print([shown(x) for x in [*values, left]])


def classes(count, draws):
    stream = Stream(bytes(32))
    found = []
    while len(found) < draws:
        word = struct.unpack("<I", stream.take(4))[0]
        if word < 2**32 - 1 - (2**32 - 1) % count:
            found.append(word % count)
    print(f"zero seed: classes of {count}", found)


if __name__ == "__main__":
    masks(32)
    masks(64)
    classes(10, 6)
    main(42, 2, 3.0, [0.75, -0.5])
    main(7, 3, 3.0, [0.75, -0.5, 2.0])
