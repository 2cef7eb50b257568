"""The batteries accept what is right, so that a mutant is killed by what is wrong with it.

`certify` is one of them, and has tests of its own.
"""

from __future__ import annotations

import pytest

from autograd import TABLE
from autograd.core import gradients, walk
from autograd.testing.mutation.mutants import mutants
from tests.mutation import __main__ as command
from tests.mutation import batteries
from tests.mutation.killing import kills

ROWS = [row for row in TABLE.values() if any(row.vjps)]
NO_PRIMITIVE = batteries.ENGINE | {
    name: check for _, checks in batteries.CHECKER for name, check in checks.items()
}


@pytest.mark.parametrize("name", [name for name in batteries.RULES if name != "certify"])
def test_a_battery_of_rules_accepts_the_table(name):
    for row in ROWS:
        batteries.RULES[name](row)


@pytest.mark.parametrize("name", NO_PRIMITIVE)
def test_a_battery_of_the_engine_or_the_checker_accepts_them(name):
    NO_PRIMITIVE[name]()


def test_a_mutant_s_fate_is_the_plainest_battery_that_kills_it(monkeypatch):
    negated = [x for x in command.encounters("tanh") if x[0].operator == "negated"]
    monkeypatch.setattr(command, "ALL", negated)
    assert [command.fate(i) for i in range(len(negated))] == [(0, ("one point", True))]
    monkeypatch.setattr(command, "ALL", [(mutant, []) for mutant, _ in negated])
    assert command.fate(0) == (0, (None, None)), "it survives where nothing is checked"


@pytest.mark.parametrize(
    ("battery", "function", "change"),
    [
        ("errors", walk.as_seed, "if output.size != 1: → if False:"),
        ("economy", gradients.pullback, "if not sound: → if True:"),
    ],
)
def test_what_is_not_refused_or_not_needed_is_noticed(battery, function, change):
    (mutant,) = [m for m in mutants(function) if m.change == change]
    assert kills(mutant, [(battery, batteries.ENGINE[battery])])
