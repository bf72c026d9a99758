"""Times `more-nn bench` on one thread and on several in turn, and prints how many times as fast several are, as a table in Markdown.

usage: thread_ratios.py [--binary target/release/more-nn] [--threads 2] [--rounds 5]

Ratios are of neighbouring runs, since a machine that others share changes its speed; the table has their median, least and greatest.
"""

import argparse
import json
import statistics
import subprocess

TABLES = {"mnist": "table1", "angiography": "table2"}
OPERATIONS = ["training_epoch", "training_epoch_converted", "inference"]
ENGINES = ["plain", "spectral"]


def seconds(binary, table, threads):
    """Medians of a run: {(operation, engine): seconds}."""
    command = [binary, "--json", "--quiet", "bench", table, "--engines", ",".join(ENGINES), "--threads", str(threads)]
    rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["rows"]
    return {(row["operation"], row["engine"]): row["seconds_median"] for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/more-nn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"| network | operation | engine | 1 thread: s | {arguments.threads} threads: s | times as fast |")
    print("| --- | --- | --- | --- | --- | --- |")
    for network, table in TABLES.items():
        runs = []
        for _ in range(arguments.rounds):
            runs.append([seconds(arguments.binary, table, threads) for threads in (1, arguments.threads)])
        for operation in OPERATIONS:
            for engine in ENGINES:
                pairs = [[run[operation, engine] for run in pair] for pair in runs]
                one, several = (statistics.median(column) for column in zip(*pairs))
                ratios = [first / second for first, second in pairs]
                spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                print(f"| {network} | {operation} | {engine} | {one:.4f} | {several:.4f} | {spread} |")


if __name__ == "__main__":
    main()
