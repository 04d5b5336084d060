"""Training steps on a machine that is also used for something else: OpenMP threads that sleep or spin while they wait.

    python benchmarks/contention.py [--seconds 6]

Runs the same transformer step in one process, and in two at once, with OMP_WAIT_POLICY=PASSIVE (what the command line
sets) and without it (what OpenMP does by itself), and prints steps a second of a process and the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

WORK = """
import sys, time, torch
layer = torch.nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
clips = torch.randn(8, 128, 256)
def step():
    layer(clips).square().mean().backward()
for _ in range(3):
    step()
end, steps = time.time() + float(sys.argv[1]), 0
while time.time() < end:
    step()
    steps += 1
print(steps / float(sys.argv[1]))
"""


def steps_per_second(policy: str | None, processes: int, seconds: float) -> float:
    """The mean over processes that run at the same time."""
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    if policy:
        environment["OMP_WAIT_POLICY"] = policy
    command = [sys.executable, "-c", WORK, str(seconds)]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return sum(float(process.communicate()[0]) for process in running) / processes


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=6.0)
    args = arguments.parse_args()
    print(f"{'processes':>9} {'spinning/s':>11} {'sleeping/s':>11} {'ratio':>6}")
    for processes in (1, 2):
        spinning, sleeping = (steps_per_second(policy, processes, args.seconds) for policy in (None, "PASSIVE"))
        print(f"{processes:>9} {spinning:>11.2f} {sleeping:>11.2f} {sleeping / spinning:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
