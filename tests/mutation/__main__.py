"""`python -m autograd.testing audit`: do the project's own checks kill every mutant of it?"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

from autograd import TABLE
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.sources import qualified
from tests.mutation import batteries
from tests.mutation.equivalents import EQUIVALENT
from tests.mutation.killing import kills, well_blamed

Checks = list[tuple[str, Callable[[], Any]]]
ALL: list[tuple[Mutant, Checks]] = []  # inherited by the processes that share the work


def encounters(only: str) -> Iterator[tuple[Mutant, Checks]]:
    """Every mutant, with the batteries that it meets."""
    for mutant in mutants(row for row in TABLE.values() if only in row.name):
        rules = [
            (name, partial(check, primitive))
            for name, check in batteries.RULES.items()
            for primitive in mutant.primitives
        ]
        yield mutant, [*rules, *batteries.ENGINE.items()]
    for functions, checks in ((ENGINE, batteries.ENGINE), *batteries.CHECKER):
        for mutant in mutants(f for f in functions if only in qualified(f)):
            yield mutant, list(checks.items())


class Fate(NamedTuple):
    """The battery that kills a mutant, None if it survives, and whether the culprit was right."""

    battery: str | None
    blamed: bool | None


def fate(index: int) -> tuple[int, Fate]:
    mutant, checks = ALL[index]
    found = kills(mutant, checks)
    if found is None:
        return index, Fate(None, None)
    of_checker = not mutant.primitives and mutant.function not in ENGINE
    return index, Fate(found[0], None if of_checker else well_blamed(mutant, found[1]))


def run(jobs: int, only: str) -> int:
    """Print kills by battery, every survivor, and every mutant for which another is blamed.

    1 if there are such mutants, or if a review is stale.
    """
    begin = time.perf_counter()
    ALL[:] = encounters(only)
    with get_context("fork").Pool(jobs) as pool:
        fates = dict(pool.imap_unordered(fate, range(len(ALL)), chunksize=8))
    killers = Counter(fate.battery for fate in fates.values() if fate.battery)
    survivors = [str(ALL[i][0]) for i, fate in sorted(fates.items()) if fate.battery is None]
    misblamed = [str(ALL[i][0]) for i, fate in sorted(fates.items()) if fate.blamed is False]
    blamed = sum(fate.blamed is not None for fate in fates.values())
    unreviewed = [mutant for mutant in survivors if mutant not in EQUIVALENT]
    names = {str(mutant) for mutant, _ in ALL}
    stale = [
        mutant for mutant in EQUIVALENT if mutant not in survivors and (mutant in names or not only)
    ]
    total = 0
    print(f"{len(names)} mutants")
    of_checker = [name for _, checks in batteries.CHECKER for name in checks]
    for name in (*batteries.RULES, *batteries.ENGINE, *of_checker):
        total += killers[name]
        share = 100 * total / max(len(ALL) - len(survivors) + len(unreviewed), 1)
        if killers[name] or not only:
            print(f"  {name:24} kills {killers[name]:5}, {share:5.1f} % so far")
    print(f"  equivalent, reviewed {len(survivors) - len(unreviewed):11}")
    print(f"  culprits named rightly {blamed - len(misblamed):9} of {blamed}")
    for mutant in misblamed:
        print(f"ANOTHER IS BLAMED FOR {mutant}")
    for mutant in unreviewed:
        print(f"SURVIVES {mutant}")
    for mutant in stale:
        print(f"STALE REVIEW, {'killed now' if mutant in names else 'no such mutant'}: {mutant}")
    print(f"{time.perf_counter() - begin:.0f} s")
    return 1 if unreviewed or stale or misblamed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograd.testing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("audit", help="run the project's checks against every mutant")
    command.add_argument("--jobs", type=int, default=2, help="how many processes")
    command.add_argument(
        "--only", default="", help="only primitives and functions whose name contains this"
    )
    options = parser.parse_args(arguments)
    return run(options.jobs, options.only)


if __name__ == "__main__":
    sys.exit(main())
