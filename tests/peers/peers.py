"""Times PyTorch and JAX on the paper's networks, in turn with `more-nn bench`, and prints a table in Markdown.

python3 tests/peers/peers.py --binary target/release/more-nn [--threads 2] [--rounds 5]

Needs the packages torch, jax and numpy. See README.md beside it. The peers compute on plain numbers (f32).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

EPOCH, BATCH, RATE = 60_000, 32, 0.01
INFERENCE = {"mnist": 10_000, "angiography": 702}
# Eight batches of angiograms: what starting a training takes is no part of what an image takes.
TRAINING = {"mnist": EPOCH, "angiography": 256}
SIDE = {"mnist": 28, "angiography": 256}
# Tried once; the best one is timed.
BATCHES = {"mnist": [100, 250, 500, 1000, 2500], "angiography": [1, 2, 4, 8, 16]}
# Convolutions (filters, activation), then dense layers (outputs, activation); an average pool of 2 follows each convolution.
LAYERS = {
    "mnist": ([(8, "sigmoid"), (16, "sigmoid")], [(100, "sigmoid"), (10, None)]),
    "angiography": (
        [(4, "sigmoid"), (8, "tanh"), (16, "tanh"), (32, "tanh")],
        [(64, "tanh"), (1, None)],
    ),
}
DROPOUT = {"mnist": 0.0, "angiography": 0.25}


def flat_inputs(network):
    """Inputs of the first dense layer."""
    side, channels = SIDE[network], 1
    for channels, _ in LAYERS[network][0]:
        side = (side - 2) // 2
    return side * side * channels


def made_data(network):
    """Images in [0, 1] and labels; the time does not depend on what they show."""
    import numpy

    random = numpy.random.default_rng(1)
    count = max(TRAINING[network], INFERENCE[network])
    images = random.random((count, SIDE[network], SIDE[network]), dtype=numpy.float32)
    return images, random.integers(0, 10 if network == "mnist" else 2, count)


class Torch:
    """Eager PyTorch, channels last."""

    def __init__(self, network, threads):
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.torch, self.network = torch, network
        functions = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}
        layers, channels = [], 1
        for filters, function in LAYERS[network][0]:
            layers += [torch.nn.Conv2d(channels, filters, 3), functions[function](), torch.nn.AvgPool2d(2)]
            channels = filters
        layers.append(torch.nn.Flatten())
        width = flat_inputs(network)
        for outputs, function in LAYERS[network][1]:
            layers.append(torch.nn.Linear(width, outputs))
            if function:
                layers.append(functions[function]())
                if DROPOUT[network]:
                    layers.append(torch.nn.Dropout(DROPOUT[network]))
            width = outputs
        self.model = torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)
        images, labels = made_data(network)
        self.images = torch.from_numpy(images)[:, None].contiguous(memory_format=torch.channels_last)
        self.labels = torch.from_numpy(labels)
        if network == "mnist":
            self.loss = torch.nn.CrossEntropyLoss(reduction="sum")
        else:
            self.labels = self.labels.float()[:, None]
            self.loss = torch.nn.BCEWithLogitsLoss(reduction="mean")
        self.step = torch.optim.SGD(self.model.parameters(), lr=RATE)
        self.version = f"PyTorch {torch.__version__}"
        self.batch = best(self.infer, BATCHES[network])

    def train(self):
        count = TRAINING[self.network]
        order = self.torch.randperm(count)
        self.model.train()
        for first in range(0, count, BATCH):
            chosen = order[first : first + BATCH]
            self.step.zero_grad(set_to_none=True)
            self.loss(self.model(self.images[chosen]), self.labels[chosen]).backward()
            self.step.step()

    def infer(self, batch=None):
        batch, count = batch or self.batch, INFERENCE[self.network]
        self.model.eval()
        with self.torch.inference_mode():
            for first in range(0, count, batch):
                self.model(self.images[first : min(first + batch, count)])


class Jax:
    """JAX: convolutions as slices and a matrix product, an epoch as one compiled `scan`."""

    def __init__(self, network, threads):
        import jax
        import jax.numpy as jnp
        import numpy

        self.jax, self.network = jax, network
        random, parameters = numpy.random.default_rng(2), []

        def weights(inputs, outputs, fan_out):
            bound = (6 / (inputs + fan_out)) ** 0.5
            values = random.uniform(-bound, bound, (inputs, outputs)).astype(numpy.float32)
            return values, numpy.zeros(outputs, numpy.float32)

        channels = 1
        for filters, _ in LAYERS[network][0]:
            parameters.append(weights(9 * channels, filters, 9 * filters))
            channels = filters
        width = flat_inputs(network)
        for outputs, _ in LAYERS[network][1]:
            parameters.append(weights(width, outputs, outputs))
            width = outputs
        functions = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, None: lambda x: x}
        convolutions, dense = LAYERS[network]

        def forward(parameters, x, key=None):
            x = x[..., None]
            for (w, b), (_, function) in zip(parameters, convolutions):
                # The pool drops what is left over: it need not be computed.
                rows, columns = (x.shape[1] - 2) // 2 * 2, (x.shape[2] - 2) // 2 * 2
                patches = [x[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
                x = functions[function](jnp.concatenate(patches, -1) @ w + b)
                x = x.reshape(x.shape[0], rows // 2, 2, columns // 2, 2, -1).mean((2, 4))
            x = x.reshape(x.shape[0], -1)
            for (w, b), (_, function) in zip(parameters[len(convolutions) :], dense):
                x = functions[function](x @ w + b)
                if function and DROPOUT[network] and key is not None:
                    kept = jax.random.bernoulli(key, 1 - DROPOUT[network], x.shape)
                    x = jnp.where(kept, x / (1 - DROPOUT[network]), 0)
            return x

        def loss(parameters, x, y, key):
            logits = forward(parameters, x, key)
            if network == "mnist":
                return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).sum()
            logits = logits[:, 0]
            return (jax.nn.softplus(logits) - y * logits).mean()

        def epoch(parameters, images, labels, order, key):
            def step(state, chosen):
                parameters, key = state
                key, mask = jax.random.split(key)
                gradient = jax.grad(loss)(parameters, images[chosen], labels[chosen], mask)
                return (jax.tree.map(lambda w, g: w - RATE * g, parameters, gradient), key), None

            return jax.lax.scan(step, (parameters, key), order)[0][0]

        self.epoch, self.forward = jax.jit(epoch), jax.jit(forward)
        images, labels = made_data(network)
        self.images, self.labels = jnp.asarray(images), jnp.asarray(labels)
        self.parameters = jax.tree.map(jnp.asarray, parameters)
        self.order, self.key = numpy.random.default_rng(3), jax.random.key(1)
        self.version = f"JAX {jax.__version__}"
        self.batch = best(self.infer, BATCHES[network])

    def train(self):
        count = TRAINING[self.network]
        order = self.order.permutation(count)[: count // BATCH * BATCH].reshape(-1, BATCH)
        self.parameters = self.epoch(self.parameters, self.images, self.labels, order, self.key)
        self.jax.block_until_ready(self.parameters)

    def infer(self, batch=None):
        batch, count = batch or self.batch, INFERENCE[self.network]
        outputs = [
            self.forward(self.parameters, self.images[first : min(first + batch, count)])
            for first in range(0, count, batch)
        ]
        self.jax.block_until_ready(outputs)


def best(infer, batches):
    """The batch of the shortest inference, after one that compiles and warms up."""
    times = []
    for batch in batches:
        infer(batch)
        times.append((min(timed(lambda: infer(batch)) for _ in range(3)), batch))
    return min(times)[1]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def serve(peer, threads):
    """Answers requests `network operation` on standard input by the seconds of a run."""
    made = {}
    for line in sys.stdin:
        network, operation = line.split()
        if network not in made:
            made[network] = {"torch": Torch, "jax": Jax}[peer](network, threads)
            made[network].train()
        runner = made[network]
        seconds = timed({"train": runner.train, "infer": runner.infer}[operation])
        print(json.dumps({"seconds": seconds, "version": runner.version, "batch": runner.batch}), flush=True)


class Peer:
    """A peer in a process of its own, with the environment it is fastest in."""

    def __init__(self, name, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        # glibc: keep freed memory instead of returning it to the system after every batch.
        environment |= {"MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_MMAP_THRESHOLD_": str(1 << 34)}
        environment |= {"MALLOC_TOP_PAD_": str(1 << 28), "JAX_PLATFORMS": "cpu"}
        command = [sys.executable, __file__, "--serve", name, "--threads", str(threads)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.version, self.batches = name, {}

    def run(self, network, operation):
        self.process.stdin.write(f"{network} {operation}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.version, self.batches[network] = answer["version"], answer["batch"]
        return answer["seconds"]


def ours(binary, table, threads, network):
    """Medians of `more-nn bench`: {(operation, engine): (seconds, images)}."""
    command = [binary, "--json", "--quiet", "bench", table, "--engines", "plain,spectral", "--threads", str(threads)]
    command += ["--images", str(TRAINING[network]), "--test-images", str(INFERENCE[network])]
    rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["rows"]
    return {(row["operation"], row["engine"]): (row["seconds_median"], row["images"]) for row in rows}


def machine():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/more-nn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default="torch,jax")
    parser.add_argument("--serve", choices=["torch", "jax"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        # XLA has no option for its number of threads: it takes the cores that it may use.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    if arguments.serve:
        return serve(arguments.serve, arguments.threads)

    peers = {name: Peer(name, arguments.threads) for name in arguments.peers.split(",")}
    times, loads = {}, []
    for network, table in [("mnist", "table1"), ("angiography", "table2")]:
        for name, peer in peers.items():  # Compile and warm up.
            peer.run(network, "infer")
        for _ in range(arguments.rounds):
            loads.append(os.getloadavg()[0])
            rows = ours(arguments.binary, table, arguments.threads, network)
            mine = {
                ("train", "plain"): rows["training_epoch_converted", "plain"],
                ("train", "encrypted"): rows["training_epoch", "spectral"],
                ("train", "encrypted, converted"): rows["training_epoch_converted", "spectral"],
                ("infer", "plain"): rows["inference", "plain"],
                ("infer", "encrypted"): rows["inference", "spectral"],
            }
            for (operation, engine), (seconds, images) in mine.items():
                expected = {"train": TRAINING, "infer": INFERENCE}[operation][network]
                assert images == expected, f"{images} images of ours, {expected} of the peers"
                times.setdefault((network, operation, engine), []).append(seconds)
            for name, peer in peers.items():
                for operation in ["train", "infer"]:
                    times.setdefault((network, operation, name), []).append(peer.run(network, operation))
    for peer in peers.values():
        peer.process.stdin.close()
        peer.process.wait()

    version = subprocess.run([arguments.binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    versions = [version, *(peer.version for peer in peers.values()), f"Python {platform.python_version()}"]
    print(f"{machine()}, {arguments.threads} threads, {arguments.rounds} rounds; {', '.join(versions)};")
    print(f"load average before the rounds {min(loads):.1f} to {max(loads):.1f}. Medians, range, ratio to the peers' medians.")
    columns = list(peers)
    print(f"\n| network | operation | engine | seconds | {' | '.join('/ ' + name for name in columns)} |")
    print("| --- " * (4 + len(columns)) + "|")
    for (network, operation, engine), seconds in times.items():
        count = {"train": TRAINING, "infer": INFERENCE}[operation][network]
        median = statistics.median(seconds)
        if engine in peers and operation == "infer":
            engine_name = f"{engine}, batch {peers[engine].batches[network]}"
        else:
            engine_name = engine
        ratios = [f"{median / statistics.median(times[network, operation, name]):.2f}" for name in columns]
        spread = f"{median:.4f} ({min(seconds):.4f} to {max(seconds):.4f})"
        label = {"train": "training", "infer": "inference"}[operation]
        print(f"| {network} | {label} of {count} | {engine_name} | {spread} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    main()
