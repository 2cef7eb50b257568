"""Mutants are wrong, apply and undo themselves; the audit counts them and sees vacuous checks."""

from __future__ import annotations

import linecache
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

import autograd
from autograd import Primitive, Tensor, Value, grad
from autograd.core.node import new_node
from autograd.errors import VacuousCheckWarning
from autograd.testing import check_grads
from autograd.testing.checker import numeric, passes
from autograd.testing.mutation.auditing import audit
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import mutants
from autograd.testing.mutation.sources import functions_in, qualified

ROWS = [row for row in autograd.TABLE.values() if any(row.vjps)]
EVERY = mutants()
rng = np.random.default_rng(5)
X = Tensor(rng.uniform(0.5, 1.5, (2, 3)), label="X")


# --- mutants ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_rule_has_the_wrong_versions_that_derivatives_invite(row):
    operators = {m.operator for m in mutants(row)}
    assert {
        "negated",
        "zero",
        "scaled by 1.001",
        "rounded to float32",
        "wrong variable",
    } <= operators
    assert {"cut from the graph", "raw data for a node"} & operators
    assert all(row in m.primitives for m in mutants(row))


def test_the_engine_has_the_wrong_versions_that_walks_invite():
    engine = mutants(ENGINE)
    assert not any(m.primitives for m in engine)
    changes = " ".join(m.change for m in engine)
    for wrong in (
        "contribution = gradients[operand] + contribution → contribution = contribution",
        "iadd(gradients[operand], contribution)",
        "reversed(order)",
        "depth-first",
        "by recursion",
        "equal numbers are taken for one",
        "only the leading ones",
        "gets one gradient, not the sum",
    ):
        assert wrong in changes
    assert {m.operator for m in engine} >= {"call dropped", "not copied", "another algorithm"}


def test_every_mutant_has_a_name_of_its_own():
    assert len({str(m) for m in EVERY}) == len(EVERY) > 1500


def test_a_mutant_is_in_force_only_within_and_for_everybody_who_holds_the_function():
    def gradient():
        return float(grad(Value(0.5).tanh(), Value(0.0)) + grad(autograd.tanh(x := Value(0.5)), x))

    right = gradient()
    for mutant in mutants(autograd.tanh):
        code = mutant.function.__code__
        with mutant, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert mutant.function.__code__ is not code
        assert mutant.function.__code__ is code
        with pytest.raises(KeyError), mutant:
            raise KeyError
        assert mutant.function.__code__ is code
    assert gradient() == right


def test_a_mutant_that_writes_into_a_class_leaves_nothing_behind():
    (mutant,) = [m for m in mutants(new_node) if "= HOLDERS[type(data)]" in m.change]
    x = Value(2.0)
    with mutant:
        x * x
        assert "raw" in vars(Value)
    assert "raw" not in vars(Value)
    assert (x * x).data == 4.0


def test_mutants_of_a_primitive_of_one_s_own_and_of_any_function():
    def twice(g, out, x):
        return helper(g, x)

    cube = Primitive("cube", "³", None, lambda x: x**3, (lambda g, out, x: 3 * g * x * x,), "x³.")
    changes = {m.change for m in mutants(cube)}
    assert "3 * g * x * x → 4 * g * x * x" in changes
    assert "3 * g * x * x → 3 * g * x / x" in changes
    doubled = Primitive("doubled", "2", None, lambda x: 2 * x, (twice,), "2x.")
    assert {m.target for m in mutants(doubled)} == {"doubled[0]", "test_mutants.helper"}
    (mean,) = [m for m in mutants(total) if m.operator == "mean for sum"]
    assert total(np.array([2.0, 4.0])) == 6.0
    with mean:
        assert total(np.array([2.0, 4.0])) == 3.0


def test_what_a_rule_calls_in_two_ways_is_mutated_once():
    def rule(g, out, x):
        return helper(g, x) + helped(g, x)

    row = Primitive("fourfold", "4", None, lambda x: 4 * x, (rule,), "4x.")
    targets = {m.target for m in mutants(row)}
    assert targets == {"fourfold[0]", "test_mutants.helper", "test_mutants.helped"}
    assert len({str(m) for m in mutants(row)}) == len(mutants(row))


def helped(g, x):
    return helper(g, x)


def helper(g, x):
    return 2 * g


def total(x):
    return np.sum(x)


def test_rules_of_other_operands_and_rules_that_write_into_what_they_are_given():
    texts = {str(m) for m in mutants([autograd.div, autograd.mul])}
    assert "div[0]: the rule → that of operand 1 (rule of another operand)" in texts
    (mutant,) = [
        m for m in mutants(autograd.mul)
        if m.target == "mul[0]" and m.operator == "upstream gradient overwritten"
    ]  # fmt: skip
    assert repr(mutant) == (
        "<mutant mul[0]: g * y → doubling(g, g * y) (upstream gradient overwritten)>"
    )
    g = np.array([1.0, 2.0])
    with mutant:
        assert autograd.mul.vjps[0](g, None, None, 3.0).tolist() == [3.0, 6.0]
    assert g.tolist() == [2.0, 4.0]


def test_sums_and_means_are_confused():
    def spread(x):
        return autograd.mean(x), x.mean(), autograd.sum(x, axis=0), sum([1.0], start=2.0)

    changes = [m.change for m in mutants(spread) if m.operator in ("sum for mean", "mean for sum")]
    expected = ("autograd.sum(x)", "x.sum()", "autograd.mean(x, axis=0)", "mean([1.0], start=2.0)")
    assert len(changes) == len(expected)
    assert all(text in change for text, change in zip(expected, changes, strict=True))


def test_what_is_no_python_any_more_is_left_out():
    async def shifts(x):
        count = 0

        def step():
            nonlocal count
            count = (count << 1 ^ x) >> 2

        step()
        return [count for _ in range(3) if True]

    operators = Counter(m.operator for m in mutants(shifts))
    assert operators["another operator"] == 3
    assert operators["condition dropped"] == 1
    assert not any("nonlocal" in m.change for m in mutants(shifts))


def test_every_function_of_a_module_is_found():
    names = [qualified(function) for function in functions_in(passes, numeric)]
    assert {"passes.broken_symmetries", "passes.keeping_grads", "numeric.Verdict.passes"} <= {
        *names
    }
    assert len(set(names)) == len(names)
    assert not any("grad." in name or "subject." in name for name in names)


def test_a_source_that_was_edited_meanwhile_is_refused(tmp_path):
    file = tmp_path / "edited.py"
    file.write_text("def f(x):\n    return x + 1\n")
    spec = spec_from_file_location("edited", file)
    spec.loader.exec_module(module := module_from_spec(spec))
    assert mutants(module.f)
    file.write_text("\n\ndef g(x):\n    return x + 1\n")
    linecache.checkcache(str(file))
    with pytest.raises(ValueError, match="has changed since it was imported"):
        mutants(module.f)


def test_two_lambdas_on_one_line_are_told_apart():
    first, second = (lambda x: x + 1), (lambda x: x - 2)
    assert next(m.change for m in mutants(first)) == "x + 1 → x - 1"
    assert next(m.change for m in mutants(second)) == "x - 2 → x + 2"


def test_defaults_stay_with_the_function():
    (double,) = [lambda x, k=k: k * x for k in (2,)]
    divided = next(m for m in mutants(double) if m.operator == "another operator")
    with divided:
        assert double(4) == 0.5
    assert double(4) == 8


def test_what_has_no_source_is_refused():
    with pytest.raises(ValueError, match="written in Python"):
        mutants(len)
    with pytest.raises(ValueError, match="source"):
        mutants(eval("lambda x: x + 1"))


# --- audit ------------------------------------------------------------------------------------


def test_a_sharp_check_kills_every_mutant_and_a_blunt_one_few():
    def sharp():
        check_grads(autograd.tanh, X, rtol=1e-8)

    def blunt():
        assert np.all(grad(autograd.sum(X.tanh()), X) > 0)

    sharp_audit, blunt_audit = audit(sharp, of=autograd.tanh), audit(blunt, of=autograd.tanh)
    survivors = {m.operator for m in sharp_audit.survived}
    assert survivors <= {"rounded to float32"}
    assert 0.1 < blunt_audit.score < 0.7 < 0.9 < sharp_audit.score
    assert not sharp_audit.vacuous
    text = str(blunt_audit)
    assert f"{len(blunt_audit.killed)} of {len(mutants(autograd.tanh))} mutants killed" in text
    assert "scaled by 1.001" in text


def test_only_what_the_check_runs_is_mutated():
    def check():
        x = Value(2.0)
        assert grad(autograd.exp(x) * x, x) == pytest.approx(3 * np.exp(2.0), rel=1e-12)

    result = audit(check, of=[autograd.exp, autograd.mul, autograd.tanh, autograd.matmul, *ENGINE])
    targets = {m.target for m in (*result.killed, *result.survived)}
    assert {"exp[0]", "mul[0]", "mul[1]"} <= targets
    assert {"walk.propagate", "order.toposort", "gradients.grad"} <= targets
    assert not {"tanh[0]", "matmul[0]", "derivatives.hessian"} & targets
    assert 0.3 < result.score < 1  # of the engine it meets a part


def test_a_check_that_fails_anyway_can_t_be_audited():
    def check():
        raise ZeroDivisionError("as ever")

    with pytest.raises(AssertionError, match="ZeroDivisionError: as ever"):
        audit(check)


def central(f, x, tolerance, h=1e-6):
    """A checker of the old kind: one direction, fixed step, absolute tolerance."""
    moved = [Tensor(x.data + s * h * np.ones(x.shape)) for s in (1, -1)]
    slope = (f(moved[0]).item() - f(moved[1]).item()) / (2 * h)
    assert abs(slope - grad(f(x), x).sum()) < tolerance


@pytest.mark.parametrize(
    ("f", "tolerance", "why"),
    [
        (lambda x: autograd.softmax(x).sum(), 1e-5, "its gradient is 0"),
        (lambda x: ((x - x.mean()) / x.std()).sum(), 1e-4, "its gradient is 0"),
        (lambda x: (x**0.0).sum(), 1e-5, "its gradient is 0"),
        (lambda x: (1e-7 * x).sum(), 1e-5, "tolerance is above"),
    ],
    ids=["sum after softmax", "sum after layer norm", "power of 0", "tolerance"],
)
def test_a_vacuous_check_is_called_so(f, tolerance, why):
    x = Tensor([[0.3, 1.2, -0.7]], label="x")
    with pytest.warns(VacuousCheckWarning, match=why) as caught:
        result = audit(lambda: central(f, x, tolerance), of=autograd.sum)
    assert "'x'" in str(caught[0].message)
    assert len(result.vacuous) == 1
    assert "vacuous: the check can't fail for 'x'" in str(result)


def test_a_check_that_can_fail_is_not_called_vacuous():
    x = Tensor([[0.3, 1.2, -0.7]], label="x")
    result = audit(lambda: central(lambda x: x.tanh().sum(), x, 1e-5), of=autograd.tanh)
    assert not result.vacuous
    assert result.score > 0.5


def test_only_the_input_that_is_not_checked_is_named():
    def check():
        x, scale = Tensor([0.3, 1.2, -0.7], label="x"), Tensor([2.0], label="scale")
        out = (autograd.softmax(x) * scale).sum()
        gx, gs = grad(out, [x, scale])
        assert np.allclose(gx, 0)
        assert np.allclose(gs, 1)

    with pytest.warns(VacuousCheckWarning, match="'x'"):
        assert len(audit(check, of=autograd.exp).vacuous) == 1


def test_a_mutant_that_does_not_end_is_killed():
    def check():
        assert countdown(3) == 0

    result = audit(check, of=countdown, patience=0.2)
    assert any("no result after" in how for how in result.killed.values())


def test_an_audit_runs_in_a_thread_too():
    x = Tensor([0.3, 1.2, -0.7])
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(audit, lambda: central(autograd.sum, x, 1e-5), of=autograd.sum).result()
    assert 0 < found.score < 1


def countdown(n):
    while n > 0:
        n -= 1
    return n
