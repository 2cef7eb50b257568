"""The audit itself: which mutants meet which tests, who kills them, and when the command fails."""

from __future__ import annotations

from pathlib import Path

import pytest

import autograd
from autograd import Value
from autograd.core import derivatives, gradients, walk
from autograd.table import kernels
from autograd.testing import check_grads, checker
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import mutants
from tests.mutation import __main__ as command
from tests.mutation.checker import test_promises as promises
from tests.mutation.collection import (
    OF_CHECKER,
    OF_ENGINE,
    OF_RULES,
    OF_SHORTCUTS,
    Meeting,
    cases,
    found_in,
    meetings,
)
from tests.mutation.engine import test_derivatives as known
from tests.mutation.engine import test_graphs as graphs
from tests.mutation.engine import test_refusals as refusals
from tests.mutation.killing import kills, well_blamed
from tests.mutation.rules import test_rules as rules


def negated(primitive):
    return next(m for m in mutants(primitive) if m.operator == "negated")


# --- collection -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "files"),
    [("rules", OF_RULES), ("engine", OF_ENGINE + OF_SHORTCUTS), ("checker", OF_CHECKER)],
)
def test_no_file_of_tests_is_forgotten(folder, files):
    written = {path.name for path in Path(__file__).with_name(folder).glob("test_*.py")}
    assert {Path(module.__file__).name for module in files} == written


def test_no_file_of_the_checker_is_forgotten():
    """Every function that decides in `check_grads` is under mutation."""
    written = {str(path) for path in Path(checker.__path__[0]).glob("[!_]*.py")}
    functions = [function for module in OF_CHECKER for function in module.FUNCTIONS]
    assert {function.__code__.co_filename for function in functions} == written


def test_a_test_is_called_as_pytest_calls_it():
    (case,) = cases(rules.test_conventions, (autograd.relu, autograd.tanh))  # which has none
    assert case.args == (autograd.relu,)
    both = [case.args for case in cases(rules.test_one_point, (autograd.relu, autograd.tanh))]
    assert both == [(autograd.tanh,), (autograd.relu,)]  # in the order of the table
    assert list(cases(rules.test_one_point)) == []
    assert list(cases(graphs.test_graphs_to_second_order)) == [graphs.test_graphs_to_second_order]
    pairs = [case.args for case in cases(promises.test_the_engine_is_to_blame)]
    assert all(len(pair) == 4 for pair in pairs)


def test_what_a_mutant_meets():
    met = {meeting.group: [name for name, _ in meeting.tests] for meeting in meetings("mask")}
    assert met == {"engine": [name for name, _ in found_in(OF_ENGINE)]}
    (group, _, tests), *_ = meetings("tanh")
    assert group == "rules"
    assert tests[0][0] == "rules: one point"
    assert tests[-1][0] == [name for name, _ in found_in(OF_ENGINE)][-1]
    files = {name.partition(":")[0] for *_, tests in meetings("locate") for name, _ in tests}
    assert files == {"culprit", "suspects", "doubts"}


# --- kills ------------------------------------------------------------------------------------


def test_the_first_test_that_kills_is_named():
    def strict():
        check_grads(autograd.tanh, Value(0.5))

    mutant = negated(autograd.tanh)
    found = kills(mutant, [("idle", lambda: None), ("strict", strict)])
    assert found is not None
    assert found[0] == "strict"
    assert kills(mutant, [("idle", lambda: None)]) is None


def test_a_mutant_s_fate_is_the_plainest_test_that_kills_it(monkeypatch):
    met = [m for m in meetings("tanh") if m.mutant.operator == "negated"]
    met = [m for m in met if m.mutant.target == "tanh[0]"]
    monkeypatch.setattr(command, "ALL", met)
    assert [command.fate(i)[:2] for i in range(len(met))] == [("rules: one point", True)]
    monkeypatch.setattr(command, "ALL", [meeting._replace(tests=[]) for meeting in met])
    assert command.fate(0)[:2] == (None, None), "it survives where nothing is checked"


def test_only_what_runs_a_function_is_asked_about_its_mutants():
    (hessian, *_), (seed, *_) = mutants(derivatives.hessian), mutants(walk.as_seed)
    for test, concerned in (
        (graphs.test_graphs_to_second_order, False),
        (known.test_second_derivatives, True),
    ):
        assert command.concerns(test, hessian) is concerned
        assert command.concerns(test, seed)
    (case,) = cases(rules.test_one_point, (autograd.tanh,))
    assert command.concerns(case, negated(autograd.tanh))


@pytest.mark.parametrize(
    "mutant",
    [m for m in mutants(ENGINE) if m.operator == "another algorithm"],
    ids=lambda m: m.change,
)
def test_whole_algorithms_gone_wrong_are_noticed(mutant):
    assert kills(mutant, list(found_in(OF_ENGINE)))


@pytest.mark.parametrize(
    ("test", "function", "change"),
    [
        (refusals.test_gradients, walk.as_seed, "if output.size != 1: → if False:"),
        (
            graphs.test_rules_run_only_for_operands_that_need_a_gradient,
            gradients._pulled,
            "if not sound: → if True:",
        ),
    ],
)
def test_what_is_not_refused_or_not_needed_is_noticed(test, function, change):
    (mutant,) = [m for m in mutants(function) if m.change == change]
    assert kills(mutant, [("test", test)])


def test_the_culprit_of_a_mutant_is_judged():
    """The audit judges that of every mutant."""
    rule = negated(autograd.tanh)
    adding = next(m for m in mutants(walk.propagate) if "gradients[operand] + contr" in m.change)
    kernel = next(m for m in mutants(kernels.scatter_into) if m.operator == "another algorithm")
    to_second_order = [("graphs", graphs.test_graphs_to_second_order)]
    (_, of_rule) = kills(rule, [("point", lambda: rules.test_one_point(autograd.tanh))])
    (_, of_walk), (_, of_kernel) = kills(adding, to_second_order), kills(kernel, to_second_order)
    assert well_blamed(rule, of_rule) is well_blamed(adding, of_walk) is True
    assert well_blamed(rule, of_walk) is well_blamed(adding, of_rule) is False
    assert well_blamed(kernel, of_kernel) is True  # it is take, whose rule scatters
    assert well_blamed(kernel, of_rule) is False  # it is tanh, whose rule does not
    assert well_blamed(kernel, of_walk) is True
    assert well_blamed(adding, AssertionError("without a report")) is None


# --- the command ------------------------------------------------------------------------------


def audited(capsys, only):
    """What the command returns and prints."""
    failed = command.main(["--only", only, "--jobs", "1"])
    return failed, capsys.readouterr().out


def test_it_passes_for_a_primitive_and_prints_kills_by_test(capsys):
    failed, out = audited(capsys, "tanh")
    assert not failed
    assert "rules: one point" in out
    assert "100.0 % so far" in out
    assert "SURVIVES" not in out


def test_it_audits_what_decides_in_check_grads(capsys):
    failed, out = audited(capsys, "judge")
    assert not failed
    assert "slopes: verdicts at kinks" in out


def test_it_fails_for_a_survivor(capsys, monkeypatch):
    mutant = next(m for m in mutants(autograd.neg) if "dropped" in m.operator)
    met = [Meeting("rules", mutant, [("idle", lambda: None)])]
    monkeypatch.setattr(command, "meetings", lambda only: met)
    failed, out = audited(capsys, "neg")
    assert failed
    assert "SURVIVES neg[0]: -g → g (sign or negation dropped)" in out


def test_it_fails_for_stale_reviews(capsys, monkeypatch):
    killed, gone = "neg[0]: -g → g (sign or negation dropped)", "neg[1]: -g → g (negated)"
    monkeypatch.setattr(command, "EQUIVALENT", {killed: "", gone: ""})
    failed, out = audited(capsys, "neg")
    assert failed
    assert f"STALE REVIEW, killed now: {killed}" in out
    assert gone not in out  # for it is looked for among some of the mutants only
    met = list(meetings("neg"))
    monkeypatch.setattr(command, "meetings", lambda only: met)
    failed, out = audited(capsys, "")
    assert failed
    assert f"STALE REVIEW, no such mutant: {gone}" in out


def test_it_fails_where_another_is_blamed(capsys, monkeypatch):
    monkeypatch.setattr(command, "well_blamed", lambda mutant, outcome: False)
    failed, out = audited(capsys, "neg")
    assert failed
    assert "ANOTHER IS BLAMED FOR neg[0]: -g → g" in out


def test_reviews_quote_a_mutant_without_its_module():
    mutant = next(m for m in mutants(kernels.mask))
    assert str(mutant).startswith("kernels.mask: ")
    assert command.quoted(mutant).startswith("mask: ")
    assert command.quoted(negated(autograd.tanh)).startswith("tanh[0]: ")
