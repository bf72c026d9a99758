"""Prints what criterion has measured as a table: the median time of each benchmark, and its ratio to the one named `plain`
in the same group.

usage: benchmark_ratios.py FOLDER [--group PREFIX]

FOLDER is the folder `criterion` in the target folder; PREFIX is that of the groups to print.
"""

import argparse
import json
import pathlib


def unit(nanoseconds):
    for factor, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanoseconds >= factor:
            return f"{nanoseconds / factor:.3g} {name}"
    return f"{nanoseconds:.3g} ns"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--group", default="")
    arguments = parser.parse_args()
    groups = {}
    for path in sorted(arguments.folder.rglob("new/benchmark.json")):
        benchmark = json.loads(path.read_text())
        estimates = json.loads((path.parent / "estimates.json").read_text())
        if benchmark["group_id"].startswith(arguments.group):
            name = benchmark["function_id"] or benchmark["value_str"]
            groups.setdefault(benchmark["group_id"], {})[name] = estimates["median"]["point_estimate"]
    if not groups:
        raise SystemExit(f"{arguments.folder}: no benchmark of a group that begins with '{arguments.group}'")
    print("| group | benchmark | median | ratio to plain |")
    print("| --- | --- | --- | --- |")
    for group, benchmarks in groups.items():
        plain = benchmarks.get("plain")
        for name, time in sorted(benchmarks.items(), key=lambda item: (item[0] != "plain", item[0])):
            ratio = f"{time / plain:.2f}" if plain else ""
            print(f"| {group} | {name} | {unit(time)} | {ratio} |")


if __name__ == "__main__":
    main()
