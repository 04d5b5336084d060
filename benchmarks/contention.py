"""Training steps on a machine that is also used for something else: how long OpenMP threads spin while they wait.

    python benchmarks/contention.py [--seconds 6]

Runs the same transformer step in one process, and in two at once, with what OpenMP does by itself (long spinning), with
the short spinning that the command line sets, and with none, and prints steps a second of a process and the ratios to
the first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

SETTINGS = {"long": {}, "short": {"GOMP_SPINCOUNT": "10000"}, "none": {"OMP_WAIT_POLICY": "PASSIVE"}}

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


def steps_per_second(setting: dict[str, str], processes: int, seconds: float) -> float:
    """The mean over processes that run at the same time."""
    clean = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    environment = clean | setting
    command = [sys.executable, "-c", WORK, str(seconds)]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return sum(float(process.communicate()[0]) for process in running) / processes


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=6.0)
    args = arguments.parse_args()
    print(f"{'processes':>9} {'spinning':>9} {'steps/s':>8} {'ratio':>6}")
    for processes in (1, 2):
        speeds = {name: steps_per_second(setting, processes, args.seconds) for name, setting in SETTINGS.items()}
        for name, speed in speeds.items():
            print(f"{processes:>9} {name:>9} {speed:>8.2f} {speed / speeds['long']:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
