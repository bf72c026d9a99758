#!/usr/bin/env python3
"""Makes the values of tests/integer_known_answers.rs, in Python's integers and by the documentation only.

The stream is that of known_answers.py. Two primes p and q of half the width each: the first prime from a little-endian
number of that width on, with its upper two bits and its lowest bit set. Then residues modulo M = p q, each a
little-endian number of the width, drawn again unless below M: the columns of the key, drawn again unless invertible;
then the masks of one message. C = S diag(message, masks) S^-1 mod M.
"""

from known_answers import Stream


def is_prime(n):
    """Miller and Rabin with 40 bases."""
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return n in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in range(2, 42):
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(stream, bits):
    n = int.from_bytes(stream.take(bits // 8), "little") | 3 << bits - 2 | 1
    while not is_prime(n):
        n += 2
    return n


def residue(stream, modulus, bits):
    while True:
        x = int.from_bytes(stream.take(bits // 8), "little")
        if x < modulus:
            return x


def inverse(columns, modulus):
    """By Gauss-Jordan elimination; rows of the inverse. Pivots that are no units do not occur by chance."""
    n = len(columns)
    rows = [[columns[j][i] for j in range(n)] + [int(i == j) for j in range(n)] for i in range(n)]
    for k in range(n):
        unit = pow(rows[k][k], -1, modulus)
        rows[k] = [x * unit % modulus for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [(x - rows[i][k] * y) % modulus for x, y in zip(rows[i], rows[k])]
    return [row[n:] for row in rows]


def main(seed, bits, n, message):
    stream = Stream(bytes([seed] * 32))
    modulus = prime(stream, bits // 2) * prime(stream, bits // 2)
    columns = [[residue(stream, modulus, bits) for _ in range(n)] for _ in range(n)]
    rows = inverse(columns, modulus)
    lanes = [message] + [residue(stream, modulus, bits) for _ in range(n - 1)]
    entries = [
        [sum(columns[k][i] * lanes[k] * rows[k][j] for k in range(n)) % modulus for i in range(n)] for j in range(n)
    ]
    print(f"seed {seed}, {bits} bits, n {n}, message {message}\nmodulus {modulus:0{bits // 4}x}")
    for name, matrix in (("key", columns), ("ciphertext", entries)):
        for column in matrix:
            for entry in column:
                print(f"{name} {entry:0{bits // 4}x}")


if __name__ == "__main__":
    main(42, 256, 2, 1234567890123456789)
    main(7, 512, 3, 2**300 + 1)
