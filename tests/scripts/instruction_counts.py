"""Prints the instructions that each public operation of more-core takes, counted by callgrind, and the ratio to the same
operation on plain numbers: deterministic for one compiler and one version of libm.

usage: instruction_counts.py [--operations NAME ..] [--lanes N] [--target-dir FOLDER]

Needs valgrind. The build has no AVX-512 paths in it: operations on single numbers use none.
"""

import argparse
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def count(target):
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "-p", "more-tests",
         "--features", "measurements", "--example", "operation_counts"],
        cwd=ROOT, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(target)},
    )
    with tempfile.TemporaryDirectory() as folder:
        # Every call of either function ends a part, so every second part is one operation.
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--dump-before=operation_counts::counted*",
             "--dump-before=operation_counts::finished*", f"--callgrind-out-file={folder}/counts",
             target / "release/examples/operation_counts"],
            check=True, capture_output=True, text=True,
        )
        operations = [line.split(",") for line in run.stdout.splitlines()]
        totals = []
        for part in range(2, 2 * len(operations) + 1, 2):
            text = pathlib.Path(f"{folder}/counts.{part}").read_text()
            if "--dump-before=operation_counts::finished" not in text:
                raise SystemExit(f"part {part} is not an operation")
            totals.append(int(re.search(r"^totals: (\d+)", text, re.MULTILINE)[1]))
    return zip(operations, totals)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", nargs="*")
    parser.add_argument("--lanes", type=int, nargs="*", default=[2, 3, 4])
    parser.add_argument("--target-dir", type=pathlib.Path, default=os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    arguments = parser.parse_args()
    plain, table = {}, {}
    nothing = None
    for (scalar, lanes, group, name, counterpart), total in count(arguments.target_dir):
        if (group, name) == ("plain", "nothing"):
            nothing = total
        elif group == "plain":
            plain[scalar, name] = total - nothing
        else:
            table.setdefault((group, name, counterpart), {})[scalar, int(lanes)] = total - nothing
    columns = [(scalar, lanes) for scalar in ("f32", "f64") for lanes in arguments.lanes]
    print("| operation | plain f32 | plain f64 | " + " | ".join(f"{s}, n = {n}" for s, n in columns) + " |")
    print("| --- " * (3 + len(columns)) + "|")
    for (group, name, counterpart), counts in table.items():
        if arguments.operations and counterpart not in arguments.operations:
            continue
        cells = [f"{group} `{name}`"]
        cells += [str(plain.get((scalar, counterpart), "")) for scalar in ("f32", "f64")]
        for column in columns:
            reference = plain.get((column[0], counterpart))
            ratio = f" ({counts[column] / reference:.1f})" if reference else ""
            cells.append(f"{counts[column]}{ratio}")
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
