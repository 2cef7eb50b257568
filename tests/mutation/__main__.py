"""`python -m tests.mutation`: do the project's own tests kill every mutant of it?"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, partial
from multiprocessing import get_context
from types import CodeType
from typing import NamedTuple

from autograd.testing.mutation.auditing import Check, profiled
from autograd.testing.mutation.mutants import Mutant
from tests.mutation.collection import Meeting, meetings
from tests.mutation.equivalents import EQUIVALENT
from tests.mutation.killing import kills, well_blamed

ALL: list[Meeting] = []  # inherited by the processes that share the work


class Fate(NamedTuple):
    """The test that kills a mutant, None if it survives; whether the culprit was right."""

    test: str | None
    blamed: bool | None
    seconds: float


def fate(index: int) -> Fate:
    group, mutant, tests = ALL[index]
    begin = time.process_time()
    found = kills(mutant, [pair for pair in tests if concerns(pair[1], mutant)])
    blamed = None if found is None or group == "checker" else well_blamed(mutant, found[1])
    return Fate(found[0] if found else None, blamed, time.process_time() - begin)


def concerns(test: Check, mutant: Mutant) -> bool:
    """Whether the test can notice: it runs the mutant's function. That of a row runs its rules."""
    of_row = bool(mutant.primitives) and isinstance(test, partial)
    return of_row or mutant.function.__code__ in code_run_by(test)


@cache
def code_run_by(test: Check) -> set[CodeType]:
    """With nothing wrong, where the test must pass."""
    with profiled() as codes:
        test()
    return codes


def quoted(mutant: Mutant) -> str:
    """The mutant as reviews quote it: without the module, which may be another tomorrow."""
    return str(mutant).removeprefix(mutant.function.__module__.rpartition(".")[2] + ".")


def run(jobs: int, only: str) -> int:
    """Print kills by test and what is wrong; 1 if anything is."""
    begin = time.perf_counter()
    ALL[:] = meetings(only)
    with get_context("fork").Pool(jobs) as pool:
        fates = pool.map(fate, range(len(ALL)), chunksize=8)
    print(f"{len(ALL)} mutants")
    for line in summary(fates):
        print(f"  {line}")
    wrong = list(complaints(fates, only))
    print(*wrong, f"{time.perf_counter() - begin:.0f} s", sep="\n")
    return 1 if wrong else 0


def summary(fates: list[Fate]) -> Iterator[str]:
    """Kills by test, in the order in which mutants meet them, and what it took by group."""
    killers = Counter(fate.test for fate in fates)
    total, killable = 0, len(fates) - killers[None]
    for name in dict.fromkeys(name for meeting in ALL for name, _ in meeting.tests):
        total += killers[name]
        share = 100 * total / max(killable, 1)
        yield f"{name:70} kills {killers[name]:5}, {share:5.1f} % so far"
    yield f"{'survive':70} {killers[None]:11}"
    blamed = [fate.blamed for fate in fates if fate.blamed is not None]
    yield f"{'culprits named rightly':70} {sum(blamed):11} of {len(blamed)}"
    seconds = Counter[str]()
    for (group, *_), (*_, spent) in zip(ALL, fates, strict=True):
        seconds[group] += spent
    yield ", ".join(f"{group} {spent:.0f} s" for group, spent in seconds.items()) + " of processors"


def complaints(fates: list[Fate], only: str) -> Iterator[str]:
    """Mutants for which another is blamed, survivors that nobody reviewed, and stale reviews."""
    survivors = set()
    for (_, mutant, _), (test, blamed, _) in zip(ALL, fates, strict=True):
        if blamed is False:
            yield f"ANOTHER IS BLAMED FOR {mutant}"
        if test is None:
            survivors.add(quoted(mutant))
            if quoted(mutant) not in EQUIVALENT:
                yield f"SURVIVES {mutant}"
    existing = {quoted(mutant) for _, mutant, _ in ALL}
    for review in EQUIVALENT:
        if review in existing - survivors:
            yield f"STALE REVIEW, killed now: {review}"
        elif review not in existing and not only:
            yield f"STALE REVIEW, no such mutant: {review}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    parser.add_argument(
        "--only", default="", help="part of group and name, as in rules.tanh or checker.probe"
    )
    options = parser.parse_args(arguments)
    return run(options.jobs, options.only)


if __name__ == "__main__":
    sys.exit(main())
