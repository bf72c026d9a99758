#!/usr/bin/env python3
"""Makes tests/oracle/matrix_functions.csv, the vectors of tests/scheme_matrix_functions.rs.

    python3 -m venv /tmp/oracle
    /tmp/oracle/bin/pip install scipy==1.17.1 numpy==2.4.6 mpmath==1.4.1
    /tmp/oracle/bin/python tests/oracle/scipy_matrix_functions.py

Matrices A = S diag(lanes) S^-1 of real lanes, n = 2, 3, 4, S with unit columns: ciphertexts by construction, rounded to
binary64. Of each A as rounded: the function by SciPy, and by mpmath with 80 digits, rounded to binary64.

Lines `case,what,numbers..`; matrices by rows. `lanes` and `condition` (of S) describe the case, `matrix` is A, `exp scipy`
and `exp exact` and so on are functions of it: exp of all, ln and sqrt of positive lanes, sign of mixed ones.
The numbers are written so that they read back as the same bits.
"""

import pathlib
import warnings

import mpmath
import numpy as np
import scipy.linalg

mpmath.mp.dps = 80


def basis(rng, n, condition):
    """Unit columns, singular values from 1 to `condition` before these are made so."""
    u, _ = np.linalg.qr(rng.standard_normal((n, n)))
    v, _ = np.linalg.qr(rng.standard_normal((n, n)))
    s = u @ np.diag(np.linspace(1.0, condition, n)) @ v
    return s / np.linalg.norm(s, axis=0)


def ciphertext(s, lanes):
    exact = mpmath.matrix(s.tolist())
    diagonal = mpmath.diag([mpmath.mpf(x) for x in lanes])
    return rounded(exact * diagonal * exact**-1)


def rounded(m):
    return np.array([[float(mpmath.re(m[i, j])) for j in range(m.cols)] for i in range(m.rows)])


def sign(m):
    return m * mpmath.sqrtm(m * m) ** -1


POSITIVE = {
    "exp": (scipy.linalg.expm, mpmath.expm),
    "ln": (scipy.linalg.logm, mpmath.logm),
    "sqrt": (scipy.linalg.sqrtm, mpmath.sqrtm),
}
MIXED = {
    "exp": (scipy.linalg.expm, mpmath.expm),
    "sign": (scipy.linalg.signm, sign),
}


def cases(rng):
    for n in (2, 3, 4):
        for condition in (2.0, 20.0):
            yield n, condition, rng.uniform(0.1, 10.0, n), POSITIVE
            yield n, condition, 10.0 ** rng.uniform(-3.0, 2.0, n), POSITIVE
            yield n, condition, rng.uniform(0.5, 2.0) * (1.0 + 1e-9 * np.arange(n)), POSITIVE
            near = rng.uniform(0.5, 2.0, n)
            near[1] = near[0] * (1.0 + 1e-5)
            yield n, condition, near, POSITIVE
            mixed = rng.uniform(0.2, 5.0, n)
            mixed[0] *= -1.0
            yield n, condition, mixed, MIXED
            near = -rng.uniform(0.2, 5.0, n)
            near[-1] = -near[-1]
            near[0] = near[-1] * (1.0 + 1e-12)
            yield n, condition, near, MIXED


def main():
    lines = []

    def write(case, what, numbers):
        lines.append(",".join([str(case), what, *(repr(float(x)) for x in np.ravel(numbers))]))

    for case, (n, condition, lanes, functions) in enumerate(cases(np.random.default_rng(20190625))):
        s = basis(rng=np.random.default_rng(case), n=n, condition=condition)
        a = ciphertext(s, lanes)
        write(case, "lanes", lanes)
        write(case, "condition", np.linalg.cond(s))
        write(case, "matrix", a)
        for name, (by_scipy, by_mpmath) in functions.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = by_scipy(a)
            exact = rounded(by_mpmath(mpmath.matrix(a.tolist())))
            print(f"case {case}, n = {n}, {name}: SciPy off by {np.abs(found - exact).max():.1e}")
            write(case, f"{name} scipy", np.real(found))
            write(case, f"{name} exact", exact)
    path = pathlib.Path(__file__).with_name("matrix_functions.csv")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{path.name}: {path.stat().st_size} bytes")


main()
