"""Which mutants there are, and which tests each of them meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from autograd import TABLE, Primitive
from autograd.arithmetic import quick
from autograd.testing.mutation.auditing import Check
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.sources import qualified
from tests.mutation.checker import (
    test_check,
    test_closing_in,
    test_comparisons,
    test_culprit,
    test_directions,
    test_doubts,
    test_kinks,
    test_promises,
    test_replay,
    test_report,
    test_rounding,
    test_slopes,
    test_subject,
    test_suspects,
)
from tests.mutation.engine import (
    test_derivatives,
    test_graphs,
    test_guesses,
    test_kernels,
    test_nodes,
    test_refusals,
    test_settling,
    test_shortcuts,
)
from tests.mutation.rules import test_rules

OF_RULES = (test_rules,)
OF_ENGINE = (
    test_graphs,
    test_derivatives,
    test_nodes,
    test_refusals,
    test_kernels,
    test_settling,
    test_guesses,
)
OF_SHORTCUTS = (test_shortcuts,)  # which every other mutant keeps from being taken
# Each of these files names the functions of the checker that it tests.
OF_CHECKER = (
    test_slopes,
    test_subject,
    test_report,
    test_promises,
    test_culprit,
    test_suspects,
    test_check,
    test_directions,
    test_closing_in,
    test_comparisons,
    test_kinks,
    test_rounding,
    test_replay,
    test_doubts,
)


class Meeting(NamedTuple):
    """A mutant of one of the groups, and the named tests that it meets."""

    group: str
    mutant: Mutant
    tests: list[tuple[str, Check]]


def meetings(only: str = "") -> Iterator[Meeting]:
    """Those of which group and name, as in `rules.tanh` or `checker.probe.halves`, hold `only`."""
    of_engine = list(found_in(OF_ENGINE))
    for mutant in mutants(row for row in TABLE.values() if only in f"rules.{row.name}"):
        yield Meeting("rules", mutant, [*found_in(OF_RULES, mutant.primitives), *of_engine])
    of_shortcuts = [*of_engine, *found_in(OF_SHORTCUTS)]
    for mutant in mutants(f for f in ENGINE if only in f"engine.{qualified(f)}"):
        quickly = mutant.function.__module__ == quick.__name__
        yield Meeting("engine", mutant, of_shortcuts if quickly else of_engine)
    of_checker = [(module, list(found_in([module]))) for module in OF_CHECKER]
    checker = dict.fromkeys(f for module in OF_CHECKER for f in module.FUNCTIONS)
    for mutant in mutants(f for f in checker if only in f"checker.{qualified(f)}"):
        files = [tests for module, tests in of_checker if mutant.function in module.FUNCTIONS]
        yield Meeting("checker", mutant, [test for tests in files for test in tests])


def found_in(
    modules: Iterable[ModuleType], primitives: tuple[Primitive, ...] = ()
) -> Iterator[tuple[str, Check]]:
    """The tests of these files in order, each with a name, once for each of its parameters."""
    for module in modules:
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for case in cases(test, primitives):
                    yield title(module, name), case


def title(module: ModuleType, name: str) -> str:
    """
    >>> title(test_rules, "test_one_point")
    'rules: one point'
    """
    file = module.__name__.rpartition(".")[2]
    return f"{file}: {name}".replace("test_", "").replace("_", " ")


def cases(test: Any, primitives: tuple[Primitive, ...] = ()) -> Iterator[Check]:
    """The test as pytest calls it: once for each of its parameters; of rows only `primitives`."""
    marks = [mark.args for mark in getattr(test, "pytestmark", ())]
    if not marks:
        yield test
    for names, values in marks:
        for value in values:
            if names != "primitive":
                yield partial(test, *value)
            elif value in primitives:
                yield partial(test, value)
