#!/usr/bin/env python3
"""Compares the networks' speed with PyTorch's eager mode in float32 and prints ratios.

    test/benchmark/network_peers.py --program build/bin/networkBenchmark --output build/network.json

Both sides run the U-Net of the paper on noise, with the same LibTorch where PROGRAM was built against that of this
Python's torch package, in turns: a round of one, then a round of the other. Medians over all rounds are compared.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from network_reference import UNet  # noqa: E402


def widths(base):
    return (base, 2 * base, 4 * base, 8 * base, 8 * base), (4 * base, 2 * base, base, base)


def convolution_flops(base, pixels):
    """Of a forward pass over so many pixels: two per multiplication and addition."""
    down, up = widths(base)
    flops = 0
    inputs = 2
    for level, outputs in enumerate(down):
        flops += 2 * 9 * (inputs * outputs + outputs * outputs) * pixels / 4**level
        inputs = outputs
    for step, outputs in enumerate(up):
        level = len(up) - 1 - step
        flops += 2 * inputs * inputs * pixels / 4**level
        flops += 2 * 9 * ((inputs + down[level]) * outputs + outputs * outputs) * pixels / 4**level
        inputs = outputs
    return flops + 2 * inputs * 2 * pixels


def dense_flops_per_second(device, dtype):
    """The rate of a large 1x1 convolution, a matrix product without borders, which the network can hope to come near to."""
    cuda = device.startswith("cuda")
    channels, edge = (4096, 64) if cuda else (1024, 48)
    rounds, calls = (100, 20) if cuda else (10, 1)
    image = torch.rand(1, channels, edge, edge, device=device).to(dtype, memory_format=torch.channels_last)
    weight = torch.rand(channels, channels, 1, 1, device=device).to(dtype, memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(rounds):
        if cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        with torch.no_grad():
            for _ in range(calls):
                torch.conv2d(image, weight)
        if cuda:
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / calls)
    return 2 * channels**2 * edge**2 / best


class Eager:
    """PyTorch as most people use it."""

    def __init__(self, base, device, warm_up):
        self.device = device
        self.warm_up = warm_up
        self.network = UNet(2, 2, *widths(base)).to(device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)

    def timed(self, work, repeats):
        seconds = []
        warm = False
        begin = time.perf_counter()
        while len(seconds) < repeats:
            self.synchronize()
            start = time.perf_counter()
            work()
            self.synchronize()
            end = time.perf_counter()
            if warm:
                seconds.append(end - start)
            warm = warm or end - begin >= self.warm_up
        return seconds

    def synchronize(self):
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()

    def predict(self, size, images, repeats):
        image = torch.rand(images, 2, size[1], size[0])
        self.network.eval()

        def work():
            with torch.no_grad():
                torch.softmax(self.network(image.to(self.device)), dim=1)[:, 1].cpu()

        return self.timed(work, repeats)

    def train(self, edge, batch, repeats):
        image = torch.rand(batch, 2, edge, edge)
        target = (torch.rand(batch, edge, edge) > 0.7).float()
        self.network.train()

        def work():
            x, t = image.to(self.device), target.to(self.device)
            self.optimizer.zero_grad()
            p = torch.softmax(self.network(x), dim=1)[:, 1]
            dice = 1 - 2 * (p * t).sum() / (p.sum() + t.sum() + 1e-7)
            loss = dice + torch.nn.functional.binary_cross_entropy(p, t)
            loss.backward()
            self.optimizer.step()
            loss.item()

        return self.timed(work, repeats)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="JSON file")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="timed repeats in a round")
    parser.add_argument("--warm-up", type=float, default=0.0, help="seconds for which each side works before a round")
    parser.add_argument("--base-channels", type=int, nargs="+", default=[64])
    parser.add_argument("--size", type=int, nargs=2, default=[1024, 768])
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--jobs", nargs="+", default=["prediction", "training"], choices=["prediction", "training"])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    def ours(*options):
        command = [arguments.program, "--device", arguments.device, "--threads", arguments.threads, "--repeats",
                   arguments.repeats, "--warm-up", arguments.warm_up, *options]
        return json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)["seconds"]

    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    rate = {name: dense_flops_per_second(arguments.device, dtypes[name]) for name in arguments.precisions}
    result = {"device": torch.cuda.get_device_name() if arguments.device.startswith("cuda") else processor(),
              "threads": arguments.threads, "torch": torch.__version__, "date": time.strftime("%Y-%m-%d"),
              "dense_teraflops": {name: r / 1e12 for name, r in rate.items()}, "rows": []}
    for base in arguments.base_channels:
        eager = Eager(base, arguments.device, arguments.warm_up)
        jobs = {
            "prediction": (lambda: eager.predict(arguments.size, arguments.images, arguments.repeats),
                           ["--size", *arguments.size, "--images", arguments.images]),
            "training": (lambda: eager.train(256, 4, arguments.repeats), ["--training"]),
        }
        for job in arguments.jobs:
            peer, options = jobs[job]
            times = {name: [] for name in ("eager", *arguments.precisions)}
            for _ in range(arguments.rounds):
                times["eager"] += peer()
                for precision in arguments.precisions:
                    times[precision] += ours("--base-channels", base, "--precision", precision, *options)
            medians = {name: statistics.median(seconds) for name, seconds in times.items()}
            # The backward pass makes the gradients of weights and of inputs: twice the arithmetic of the forward pass.
            flops = (convolution_flops(base, arguments.images * arguments.size[0] * arguments.size[1])
                     if job == "prediction" else 3 * convolution_flops(base, 4 * 256 * 256))
            for precision in arguments.precisions:
                row = {"job": job, "base_channels": base, "precision": precision, "seconds": medians[precision],
                       "eager_seconds": medians["eager"], "ratio": medians["eager"] / medians[precision],
                       "teraflops": flops / medians[precision] / 1e12,
                       "share_of_dense_rate": flops / medians[precision] / rate[precision]}
                result["rows"].append(row)
                print(f"{job}, width {base}, {precision}: {row['seconds']:.4f} s, eager float32 {row['eager_seconds']:.4f} s, "
                      f"{row['ratio']:.2f} times as fast, {row['teraflops']:.2f} TFLOPS, "
                      f"{row['share_of_dense_rate']:.0%} of the dense rate", flush=True)
            arguments.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
