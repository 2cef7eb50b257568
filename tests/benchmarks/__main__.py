"""How fast are we? The same work for us and for every installed peer, in one interleaved run.

    python -m tests.benchmarks [--plot FILE] [--json] [--rounds N] [names ...]

Every contender works in a process of its own, and they take turns; the table has the median, the
quartiles, and the ratio to our replay (above 1: slower than we). Peers that are not installed are
left out: `pip install -e .[bench]`. HIPS autograd shares our import name, so that it needs an
environment of its own, whose Python the variable HIPS_PYTHON names.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from workloads import WORKLOADS, Workload  # noqa: E402  (as its scripts see it)

SAMPLE = 0.05  # seconds a contender works before the next one's turn
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")
OURS = "gradwalk replayed"


class Result(NamedTuple):
    """A contender's seconds: of each round (the mean of its calls), and to set up."""

    name: str
    seconds: list[float]
    setup: float

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))


class Contender:
    """A process that does the work when told."""

    def __init__(self, workload: str, name: str, threads: int | None) -> None:
        self.name = name
        python = os.environ.get("HIPS_PYTHON", "") if name == "HIPS autograd" else sys.executable
        self.process = subprocess.Popen(
            [python or os.devnull, str(HERE / "worker.py"), workload, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(dict.fromkeys(THREADS, str(threads)) if threads else {})},
        )

    def hear(self) -> Any:
        """The next thing it says; None where it ended without a word."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def work(self) -> float:
        assert self.process.stdin is not None
        print(SAMPLE, file=self.process.stdin, flush=True)
        seconds: float = self.hear()
        return seconds

    def end(self) -> str:
        """End it; the last line of what it complained about."""
        _, complaints = self.process.communicate()
        return (complaints.strip().splitlines() or [""])[-1]


def start(key: str, name: str, threads: int | None) -> tuple[Contender | None, Any]:
    """The contender, ready, with what its work results in; or None, with the reason."""
    if name == "HIPS autograd" and not os.environ.get("HIPS_PYTHON"):
        return None, "HIPS_PYTHON is not set"
    contender = Contender(key, name, threads)
    ready = contender.hear()
    return (contender, ready) if ready is not None else (None, contender.end())


def run(key: str, workload: Workload, rounds: int, threads: int | None) -> list[Result]:
    ready = []
    for (
        name
    ) in workload.contenders:  # one after the other, so that set-ups don't disturb each other
        contender, result = start(key, name, threads)
        if contender is None:
            print(f"  {name}: left out ({result})", file=sys.stderr)
        else:
            ready.append((contender, result))
    first = ready[0][1]
    for contender, result in ready:
        for number, expected in zip(result["numbers"], first["numbers"], strict=True):
            if not math.isclose(number, expected, rel_tol=workload.tolerance):
                raise AssertionError(
                    f"{key}: {contender.name} computes {number} where {ready[0][0].name} has "
                    f"{expected}; they must do the same work"
                )
    seconds: dict[str, list[float]] = {contender.name: [] for contender, _ in ready}
    for _ in range(rounds):
        for contender, _ in ready:
            seconds[contender.name].append(contender.work())
    for contender, _ in ready:
        contender.end()
    return [Result(c.name, seconds[c.name], result["setup"]) for c, result in ready]


def table(workload: Workload, results: list[Result]) -> str:
    ours = next((r.median for r in results if r.name == OURS), results[0].median)
    lines = [
        workload.title,
        f"  {'':20} {'median':>11} {'quartiles':>21} {'ratio':>9} {'set up':>9}",
    ]
    for result in sorted(results, key=lambda r: r.median):
        low, high = np.quantile(result.seconds, (0.25, 0.75))
        spread = f"{low * 1e3:.4g} to {high * 1e3:.4g}"
        lines.append(
            f"  {result.name:20} {result.median * 1e3:8.4g} ms {spread:>21} "
            f"{result.median / ours:9.3g} {result.setup:7.2f} s"
        )
    return "\n".join(lines)


def plot(measured: dict[str, list[Result]], path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(measured),
        figsize=(8, 0.6 + sum(0.5 + 0.25 * len(results) for results in measured.values())),
        height_ratios=[len(results) + 1 for results in measured.values()],
        squeeze=False,
        layout="constrained",
    )
    for ax, (key, results) in zip(axes[:, 0], measured.items(), strict=True):
        results = sorted(results, key=lambda r: -r.median)
        colors = ["tab:orange" if r.name.startswith("gradwalk") else "tab:gray" for r in results]
        bars = ax.barh([r.name for r in results], [r.median * 1e3 for r in results], color=colors)
        ax.bar_label(bars, fmt="%.3g ms", padding=3)
        ax.set(xscale="log", title=WORKLOADS[key].title)
        ax.margins(x=0.2)
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def machine() -> str:
    """Which one it is, as the ratios depend on its caches."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    name = named[0] if named else platform.processor() or platform.machine()
    python, numpy = platform.python_version(), np.__version__
    return f"{name}, {os.cpu_count()} cores, Python {python}, NumPy {numpy}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(WORKLOADS)}; all by default")
    parser.add_argument("--plot", metavar="FILE", help="draw the medians to FILE")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender")
    parser.add_argument("--threads", type=int, help="of NumPy's and PyTorch's matrix products")
    options = parser.parse_args()
    for name in options.names:
        if name not in WORKLOADS:
            parser.error(f"no workload {name!r}; choose from {', '.join(WORKLOADS)}")
    measured = {}
    if not options.json:
        print(machine(), end="\n\n", flush=True)
    for key in options.names or WORKLOADS:
        measured[key] = run(key, WORKLOADS[key], options.rounds, options.threads)
        if not options.json:
            print(table(WORKLOADS[key], measured[key]), end="\n\n", flush=True)
    if options.json:
        print(json.dumps({k: [r._asdict() for r in results] for k, results in measured.items()}))
    if options.plot:
        plot(measured, options.plot)


if __name__ == "__main__":
    main()
