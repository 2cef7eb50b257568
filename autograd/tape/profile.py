"""What each operation of a replay costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Cost:
    """One operation: what it does, how many nodes it computes, the bytes it moves, its seconds."""

    operation: str
    nodes: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Profile:
    """The costs of a replay, in the order of computation; printed, the dearest come first."""

    costs: list[Cost]

    @property
    def seconds(self) -> float:
        return sum(cost.seconds for cost in self.costs)

    def __str__(self) -> str:
        width = max([9, *(len(cost.operation) for cost in self.costs)])
        dearest = sorted(self.costs, key=lambda cost: -cost.seconds)
        nodes, size = sum(c.nodes for c in self.costs), sum(c.bytes for c in self.costs)
        lines = [
            f"{c.operation:{width}} {c.nodes:9} {c.bytes / 1e3:9.1f} {c.seconds * 1e6:9.1f}"
            for c in [*dearest, Cost("together", nodes, size, self.seconds)]
        ]
        return "\n".join([f"{'operation':{width}} {'nodes':>9} {'kB':>9} {'µs':>9}", *lines])


def measured(operations: Sequence[tuple[str, int, int, Callable[[], object]]]) -> Profile:
    """Run `operations` (name, nodes, bytes, what to run) in turn; each one's best time of five."""
    best = [float("inf")] * len(operations)
    for _ in range(5):
        for i, (_, _, _, run) in enumerate(operations):
            start = perf_counter()
            run()
            best[i] = min(best[i], perf_counter() - start)
    return Profile([Cost(*op[:3], seconds) for op, seconds in zip(operations, best, strict=True)])
