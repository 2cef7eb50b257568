"""The checker, fed right functions, functions that are wrong in every way, and the impossible."""

from __future__ import annotations

import itertools
import math
import os
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nets
from autograd import Primitive, Tensor, Value
from autograd.testing import GradientError, Verdict, check_grads, examine, replaced
from autograd.testing.checker.graphs import Function
from autograd.testing.checker.probe import Probe

RNG = np.random.default_rng(7)


def custom(rule, forward=lambda x: x * x, name="custom"):
    """A primitive x² (or another) with the given rule."""
    return Primitive(name, name, forward, forward, (rule,), "x².")


def is_wrong(f, *inputs, **more):
    report = examine(f, *inputs, **more)
    assert report.verdict is Verdict.WRONG, report
    return report


class Net:
    """The least that counts as a module."""

    def __init__(self):
        self.weight = Tensor(RNG.normal(size=(2, 3)), label="weight")
        self.bias = Tensor(RNG.normal(size=2), label="bias")

    def named_parameters(self):
        return [("weight", self.weight), ("bias", self.bias)]

    def __call__(self, x):
        return (self.weight @ x + self.bias).tanh()


# --- what is right ----------------------------------------------------------------------------

RIGHT = {
    "lecture": (lambda a, b: (a * b + a).tanh(), Value(2.0), Value(-3.0)),
    "shared": (lambda a: a * a + a, Value(3.0)),
    "nested": (
        lambda p, xs: {"y": p["w"] @ xs[0], "z": [xs[1]["deep"] * 2.0]},
        {"w": Tensor(RNG.normal(size=(2, 3)))},
        (Tensor(RNG.normal(size=3)), {"deep": Value(1.5)}),
    ),
    "constants": (lambda x, labels: x[labels].sum(), Tensor(RNG.normal(size=5)), np.array([0, 2])),
    "independent": (lambda x, y: y * 2.0, Tensor([1.0, 2.0]), Tensor([3.0, 4.0])),
    "empty": (lambda x: (x * x).sum(axis=0), Tensor(np.zeros((0, 3)))),
    "tiny": (lambda x: 1e-6 * x.sum(), Tensor(RNG.normal(size=20))),
    "softmax sums to 1": (lambda x: x.softmax().sum(), Tensor(RNG.normal(size=4))),
    "shift before softmax": (
        lambda x, b: (x + b).softmax(),
        Tensor(RNG.normal(size=4)),
        Value(0.3),
    ),
    "parabola at 0": (lambda x: x * x, Tensor([0.0, 1.0])),
    "products without their last digits": (
        lambda x: (x * x).sum().log1p() * x.tanh(),
        Tensor([4.53885615e-159] * 3),
    ),
    "float32 inside": (lambda x: (x.astype("float32") * 3.0).sin(), Tensor(RNG.normal(size=3))),
    "float32": (lambda x: x.softmax(), Tensor(RNG.normal(size=4).astype(np.float32))),
    "near the edge": (lambda x: x.log() + x.sqrt(), Tensor([1e-5, 1e-3])),
    "opposite kinks": (lambda x: x[0].relu() - x[1].relu(), Tensor([0.0, 0.0])),
    "several outputs at one kink": (
        lambda x: autograd.stack(x.relu(), x.abs(), x * -0.5),
        Value(0.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT.keys())
def test_right_gradients_pass_to_second_order(case):
    check_grads(*case)


def test_a_first_derivative_whose_own_does_not_exist():
    check_grads(lambda x: x * x.abs(), Tensor([0.0]), order=1)


def test_third_order():
    report = examine(lambda x: x.sin() * x, Value(0.7), order=3)
    assert report.ok and {finding.order for finding in report.findings} == {1, 2, 3}


def test_every_parameter_of_a_module_is_checked_and_left_alone():
    net, x = Net(), Tensor(RNG.normal(size=3))
    net.bias.grad = np.array([5.0, 6.0])
    loss = net(x).sum()
    before = net.weight.data, net.weight.index
    report = examine(net, x)
    assert report.ok, report
    assert {"weight", "bias", "inputs[0]"} <= {finding.name for finding in report.findings}
    assert (net.weight.data == before[0]).all() and net.weight.index == before[1]
    assert net.bias.grad.tolist() == [5.0, 6.0] and net.weight.grad is None and x.grad is None
    loss.backward()  # recorded before the check, and not stale
    narrow = Tensor(np.ones(3, np.float32))
    narrow.grad = np.full(3, 2.0, np.float32)
    check_grads(lambda x: x * narrow, x, params=[narrow])
    assert narrow.grad.dtype == np.float32 and narrow.grad.tolist() == [2.0, 2.0, 2.0]


FORMS = {
    "module": lambda net: net,
    "list": lambda net: [net.weight, net.bias],
    "dict": lambda net: dict(net.named_parameters()),
    "iterator": lambda net: iter([net.weight, net.bias]),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_params_names_what_a_closure_uses(form):
    net = Net()
    report = examine(lambda x: net(x).sum(), Tensor([1.0, 2.0, 3.0]), params=form(net))
    assert report.ok and {f.name for f in report.findings} >= {"weight", "bias"}


@settings(max_examples=25)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), st.integers(0, 99))
def test_no_false_alarm_wherever_the_point(numbers, seed):
    check_grads(
        lambda x: (x.relu() + (x * x).sin()).sum() * x.tanh(), Tensor(numbers), seed=seed, order=1
    )


def test_the_same_seed_gives_the_same_report():
    x = Tensor([0.3, 0.4])
    one, two, other = (str(examine(lambda x: x.exp(), x, seed=seed)) for seed in (1, 1, 2))
    assert one == two != other


# --- what is wrong ----------------------------------------------------------------------------

WRONG_RULES = {
    "sign": lambda g, out, x: -2 * g * x,
    "factor": lambda g, out, x: g * x,
    "a thousandth": lambda g, out, x: 2.002 * g * x,
    "zero": lambda g, out, x: 0.0 * g,
    "not linear in g": lambda g, out, x: 2 * autograd.abs(g) * x,
    "an offset": lambda g, out, x: 2 * g * x + 1e-3,
    "right only at 1": lambda g, out, x: 2 * g,
    "nan": lambda g, out, x: g * x * float("nan"),
}


@pytest.mark.parametrize("rule", WRONG_RULES.values(), ids=WRONG_RULES.keys())
@pytest.mark.parametrize("make", [Value, lambda x: Tensor([x, 2.0])], ids=["Value", "Tensor"])
def test_a_wrong_rule_is_wrong_and_its_node_the_culprit(rule, make):
    square = custom(rule)
    x = make(1.0 if rule is WRONG_RULES["right only at 1"] else 0.7)
    report = is_wrong(lambda x: square(x * 1.5).tanh() + x, x)
    assert report.culprit.kind == "rule" and report.culprit.node.op is square


def test_a_rule_that_is_right_only_at_the_point():
    square = custom(WRONG_RULES["right only at 1"])
    assert examine(square, Value(1.0), order=1).ok
    report = is_wrong(square, Value(1.0))
    assert "at a point near by" in str(report) and report.culprit.node.op is square


def test_a_rule_that_uses_raw_numbers_fails_in_second_order():
    square = custom(lambda g, out, x: 2 * g * getattr(x, "raw", x))
    assert examine(square, Value(0.7), order=1).ok
    report = is_wrong(lambda x: square(x).sin(), Value(0.7))
    assert report.culprit.node.op is square and "own derivative" in report.culprit.message


@pytest.mark.parametrize("error", [-1.0, 1e-2, 1.0])
@pytest.mark.parametrize("place", [0, 1234, 2999])
def test_one_wrong_entry_of_3000_is_found_and_named(place, error):
    factor = np.ones(3000)
    factor[place] += error
    square = custom(lambda g, out, x: 2 * g * x * factor)
    report = is_wrong(lambda x: square(x).sum(), Tensor(RNG.normal(size=3000)), order=1)
    assert report.findings[-1].index == (place,)


def test_one_wrong_entry_of_100_000():
    factor = np.ones(100_000)
    factor[77_777] = 0.9
    square = custom(lambda g, out, x: 2 * g * x * factor)
    x = Tensor(RNG.uniform(0.5, 2.0, 100_000))
    assert examine(lambda x: (x * x).sum(), x, order=1, budget=4).ok
    report = is_wrong(lambda x: square(x).sum(), x, order=1, budget=4)
    assert report.findings[-1].index == (77_777,)


MANY = 1_000_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 200_000


@pytest.mark.parametrize("error", [0.0, 0.002], ids=["right", "wrong by 0.2 %"])
def test_one_wrong_entry_of_many(error):
    factor, place = np.ones(MANY), int(RNG.integers(MANY))
    factor[place] += error
    square = custom(lambda g, out, x: 2 * g * x * factor)
    report = examine(lambda x: square(x).sum(), Tensor(RNG.uniform(0.5, 2.0, MANY)), order=1)
    assert report.ok is (error == 0.0), report
    assert report.ok or report.findings[-1].index == (place,)


@pytest.mark.parametrize("sigmas", [0.5, 1.0, 2.0])
def test_one_wrong_entry_is_found_with_the_stated_probability(sigmas):
    """Among 2 · 5,000 entries, wrong by sigmas · rtol √5,000, over 400 draws of directions."""
    function = Function(lambda x: x.sum(), (Tensor(np.ones(10_000)),))
    found = 0
    with function.at({}) as call:
        probe = Probe(function, call, np.ones(()), 1, 1e-6)
        for seed in range(400):
            directions = probe.directions("inputs[0]", 4, np.random.default_rng(seed))
            entries = [d for d in directions if d[seed] != 0]
            assert len(entries) == 2 and all((d != 0).sum() == 5_000 for d in entries)
            found += any(sigmas * 5_000**0.5 > abs(d.sum()) for d in entries)
    stated = 1 - math.erfc(sigmas / 2**0.5) ** 2
    assert abs(found / 400 - stated) < 4 * (stated * (1 - stated) / 400) ** 0.5 + 0.01


@pytest.mark.parametrize("shape", [(), (2, 2), (3, 1), (4,)])
def test_a_rule_of_the_wrong_shape(shape):
    square = custom(lambda g, out, x: np.ones(shape))
    report = is_wrong(square, Tensor([1.0, 2.0, 3.0]))
    assert report.culprit.node.op is square


def test_a_rule_that_raises():
    def rule(g, out, x):
        raise TypeError("no rule today")

    report = is_wrong(custom(rule), Value(1.0))
    assert "no rule today" in report.problems[0] and "no rule today" in report.culprit.message


@pytest.mark.parametrize("when", ["recorded", "differentiated", "moved", "near by"])
def test_a_rule_that_raises_only_sometimes(when):
    def rule(g, out, x):
        number = float(np.ravel(getattr(x, "raw", x))[0])
        if (
            (when == "recorded" and isinstance(g, Value))
            or (when == "moved" and number != 0.7 and isinstance(g, Value))
            or (when == "near by" and number != 0.7)
        ):
            raise LookupError("not today")
        return 2 * g * (picky(x) if when == "differentiated" else x)

    def refuses(g, out, x):
        raise LookupError("not today")

    picky = custom(refuses, lambda x: x, "picky")
    square = custom(rule)
    report = is_wrong(lambda x: square(x).sin(), Value(0.7))
    assert "the backward pass raises LookupError: not today" in report.problems
    if when != "moved":
        assert report.culprit.node.op is (picky if when == "differentiated" else square)


def test_a_rule_that_changes_its_upstream_gradient():
    def rule(g, out, x):
        g *= 2.0
        return g * x

    report = is_wrong(custom(rule), Tensor([1.0, 2.0]))
    assert report.culprit.kind == "rule"


def test_a_rule_that_is_not_deterministic():
    noise = itertools.count(1)
    report = is_wrong(custom(lambda g, out, x: 2 * g * x * (1 + 1e-9 * next(noise))), Value(1.0))
    assert any("second pass" in problem for problem in report.problems)


def test_numbers_that_leave_the_graph():
    report = is_wrong(lambda x: x * x.data, Tensor([1.0, 2.0]))
    assert report.culprit.kind == "escape" and "inputs[0]" in report.culprit.message


def test_a_composite_kink_is_not_blamed_on_a_rule():
    report = is_wrong(lambda x: x.relu() - (-x).relu(), Tensor([0.0, 1.0]))
    assert report.culprit.kind == "kink"
    assert "the chain rule does not hold at this kink" in report.culprit.message


def test_a_gradient_outside_the_slopes_of_a_kink():
    for rule, passes in [(0.0, True), (0.5, True), (1.0, True), (1.01, False), (-0.01, False)]:
        relu = custom(lambda g, out, x, rule=rule: g * rule, lambda x: np.maximum(x, 0.0), "relu")
        assert examine(relu, Tensor([0.0]), order=1).ok is passes


def test_a_wrong_row_of_the_table_is_put_back():
    rules = autograd.mul.vjps
    with replaced(autograd.mul, vjps=(rules[1], rules[0])), pytest.raises(GradientError):
        check_grads(lambda x: x * 3.0, Value(2.0))
    assert autograd.mul.vjps is rules
    check_grads(lambda x: x * 3.0, Value(2.0))


NETS = {
    "mlp": lambda rng: (nets.MLP(4, 5, 3, rng=rng), (6, 4)),
    "attention": lambda rng: (nets.MultiHeadAttention(4, 2, rng=rng), (2, 3, 4)),
    "layer norm": lambda rng: (nets.LayerNorm(5), (3, 5)),
    "convolution": lambda rng: (nets.Conv2d(1, 2, 3, rng=rng), (2, 1, 5, 5)),
}


@pytest.mark.parametrize("make", NETS.values(), ids=NETS.keys())
def test_networks(make):
    rng = np.random.default_rng(1)
    module, shape = make(rng)
    report = examine(module, Tensor(rng.normal(size=shape)))
    assert report.ok, report
    names = {name for name, _ in module.named_parameters()}
    assert names <= {finding.name for finding in report.findings}


STATEFUL = {
    "batch norm": lambda rng: (nets.BatchNorm(3), (4, 3)),
    "batch norm inside": lambda rng: (
        nets.Sequential(nets.Linear(3, 2, rng=rng), nets.BatchNorm(2), nets.ReLU()),
        (5, 3),
    ),
    "dropout": lambda rng: (nets.Dropout(0.5, rng=rng), (3,)),
    "transformer": lambda rng: (nets.TransformerBlock(4, 2, 8, dropout=0.5, rng=rng), (2, 3, 4)),
}


@pytest.mark.parametrize("make", STATEFUL.values(), ids=STATEFUL.keys())
@pytest.mark.parametrize("by", ["itself", "params"])
def test_a_module_s_state_is_left_as_it_was(make, by):
    rng = np.random.default_rng(3)
    module, shape = make(rng)
    x = Tensor(np.random.default_rng(1).normal(size=shape))
    numbers, randomness = module.state_dict(), rng.bit_generator.state
    arrays = [vars(m).get("running_mean") for _, m in module.named_modules()]
    if by == "itself":
        report = examine(module, x, order=1)
    else:
        report = examine(lambda x: module(x), x, params=module, order=1)
    assert report.ok or "switch dropout off" in str(report), report
    assert all((numbers[name] == array).all() for name, array in module.state_dict().items())
    assert rng.bit_generator.state == randomness
    after = [vars(m).get("running_mean") for _, m in module.named_modules()]
    assert all(one is other for one, other in zip(arrays, after, strict=True))


def test_what_a_module_of_one_s_own_counts_is_put_back():
    class Counting(Net):
        calls, seen = 0, None

        def __call__(self, x):
            self.calls += 1
            self.history = [*vars(self).get("history", []), x]
            return super().__call__(x)

    net = Counting()
    net.frozen = np.broadcast_to(1.0, 3)  # which nobody can write into
    check_grads(net, Tensor([1.0, 2.0, 3.0]))
    assert net.calls == 0 and "history" not in vars(net)

    def fails(x):
        net(x)
        raise KeyError

    with pytest.raises(KeyError):
        check_grads(fails, Tensor([1.0, 2.0, 3.0]), params=net)
    assert net.calls == 0


def test_dropout_must_be_switched_off():
    rng = np.random.default_rng(1)
    net = nets.Sequential(nets.Linear(4, 3, rng=rng), nets.Dropout(0.5, rng=rng))
    x = Tensor(rng.normal(size=(5, 4)))
    assert "switch dropout off (model.eval())" in problem(net, x)
    net.eval()
    check_grads(net, x)


# --- what can't be checked, and says so -------------------------------------------------------


def problem(f, *inputs, **more):
    with pytest.raises(GradientError) as caught:
        check_grads(f, *inputs, **more)
    return str(caught.value)


def test_a_function_whose_shape_depends_on_the_numbers():
    assert "same shape" in problem(lambda x: x[: 1 + int(x.data[0] > 1.0)], Tensor([1.0, 2.0]))


def test_a_function_that_raises_raises():
    def f(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        check_grads(f, Value(1.0))


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_the_edge_of_the_domain(name):
    report = examine(getattr(autograd, name), Tensor([1.0, 0.0, 2.0]))
    assert report.verdict is Verdict.EDGE and report.worst[0].index == (1,)
    assert f"{name}((3,)) is at the edge of its domain, or overflows" in report.culprit.message
    assert not report.ok


def test_an_infinite_output_hides_no_other():
    half = custom(lambda g, out, x: g * x)
    is_wrong(lambda x: autograd.stack(half(x), Tensor(np.inf)), Value(0.7), order=1)


def test_a_function_that_raises_outside_its_domain():
    def f(x):
        if x.item() > 1.0:
            raise ValueError("x must not exceed 1")
        return x * x

    assert examine(f, Value(1.0)).verdict is Verdict.EDGE
    check_grads(f, Value(0.99))


def test_a_kink_so_near_that_only_one_side_shows_the_slope():
    numbers = [0.0, -1.6926782843080177e-06, 0.0, 2.0]
    check_grads(lambda x: (x.relu() + (x * x).sin()).sum() * x.tanh(), Tensor(numbers), order=1)


@pytest.mark.parametrize("size", [1e-160, 1e-100, 1e100, 1e155, 1e200, 1e300])
def test_numbers_whose_squares_are_none(size):
    x = np.array([1.0, 2.0, -1.5])
    large = Tensor(x * size)
    assert examine(lambda x: size * autograd.sin(x), Tensor(x), order=1).verdict is Verdict.OK
    assert examine(lambda x: 3.0 * x, large, order=1).verdict is Verdict.OK
    assert examine(lambda x: 3.0 * x, large, order=1, atol=1e-3).verdict is Verdict.OK
    if size > 1:
        assert examine(lambda x: autograd.sin(x / size), large, order=1).verdict is Verdict.OK
        wrong = (lambda g, out, x: g * 2.0001,)
        with replaced(autograd.neg, vjps=wrong):
            report = examine(lambda x: -x - x, large, order=1)
            assert report.verdict is Verdict.WRONG


@pytest.mark.parametrize("numbers", [[2.0, 0.5], [1.0, -3.0], [750000.0, 1250000.0], [1.25e6]])
def test_a_step_is_not_taken_for_the_slope_of_its_stairs(numbers):
    report = examine(lambda x: autograd.floor(x).sum(), Tensor(numbers), order=1)
    assert report.verdict is Verdict.INCONCLUSIVE
    between = examine(lambda x: autograd.floor(x).sum(), Tensor(np.array(numbers) + 0.25), order=1)
    assert between.verdict is not Verdict.WRONG
    assert between.ok or numbers[0] > 1e5


@pytest.mark.parametrize("size", [1e3, 1e5, 1e6, 1e9])
def test_a_function_that_turns_between_the_samples(size):
    """No samples at parts of a number of 1e9 show its cosine's slope."""
    x, known = np.array([1.0, 2.3, -1.5]) * size, size < 1e7
    right = examine(autograd.cos, Tensor(x), order=1, rtol=1e-4)
    assert right.verdict is (Verdict.OK if known else Verdict.INCONCLUSIVE)
    for factor in (1.01, 3.0, 30.0, 1e4):
        with replaced(autograd.cos, vjps=(lambda g, out, x: -factor * g * autograd.sin(x),)):  # noqa: B023
            wrong = examine(autograd.cos, Tensor(x), order=1)
        assert wrong.verdict is (Verdict.WRONG if known else Verdict.INCONCLUSIVE), factor


def test_a_branch_that_is_taken_near_the_point_alone():
    a = Tensor([[1.25e-06, -1e-06, -5e-07], [-2e-06, -1.5e-06, -2.5e-07]])
    check_grads(lambda a: autograd.sorted_by(2.0 - a, abs(a), axis=0), a, order=1)

    def hidden(a):
        d = autograd.sinh(autograd.hypot(2.0, autograd.sinh(a)))
        return autograd.sorted_by(d, d, axis=0)

    for numbers in ([-1.5e-06, -2.5e-07], [-2.5e-07, -7.5e-07]):
        assert examine(hidden, Tensor(numbers), order=1).verdict is not Verdict.WRONG


def test_a_tie_that_rounding_decides_in_float32():
    def f(a):
        angle = autograd.direction(2.0**a, 2.0**a)
        return autograd.tanh(autograd.sorted_by(2.0**a, angle, axis=0))

    check_grads(f, Tensor(np.array([-0.25, -0.75], np.float32)))


def test_a_jump():
    report = examine(autograd.heaviside, Tensor([0.0, 1.0]))
    assert report.verdict is Verdict.INCONCLUSIVE and "jumps" in str(report)


def test_a_jump_at_the_point_alone():
    report = examine(lambda x: autograd.where(autograd.equal(x, 2.0), x, 0.0), Value(2.0), order=1)
    assert report.verdict is Verdict.INCONCLUSIVE and "jumps" in str(report)


@pytest.mark.parametrize("large", [1e10, 1e14, 1e15, 1e18])
def test_rounding_that_hides_the_derivative(large):
    report = examine(lambda x: (large + x.sin()) - large, Tensor([0.5]))
    assert report.verdict is Verdict.INCONCLUSIVE and "rounding" in str(report)


def test_a_flat_place_is_not_taken_for_rounding():
    clip = custom(lambda g, out, x: g, lambda x: np.clip(x, -1.0, 1.0), "clip")
    report = is_wrong(clip, Tensor([1.7, 0.3]))
    assert report.culprit.node.op is clip


# --- the report -------------------------------------------------------------------------------


class TestReport:
    square: ClassVar = custom(lambda g, out, x: 3 * g * x)

    def report(self):
        return is_wrong(lambda a, b: self.square(a).sum() + b, Tensor([[1.0, 2.0]]), Value(1.0))

    def test_it_names_input_index_values_verdict_and_seed(self):
        finding = self.report().worst[0]
        assert (finding.name, finding.index) == ("inputs[0]", (0, 0))
        assert finding.analytic == pytest.approx(3.0) and finding.numeric == pytest.approx(2.0)
        assert finding.error < 1e-10 and finding.tolerance == pytest.approx(3e-6)
        text = str(self.report())
        assert all(
            part in text for part in ("inputs[0][0, 0]", "wrong", "seed 0", "custom((1, 2))")
        )

    def test_it_is_a_table_in_notebooks(self):
        html = self.report()._repr_html_()
        assert html.count("<tr>") == 3 and "culprit: the rule of custom" in html
        assert "&lt;lambda&gt;" in html

    def test_slopes_of_a_kink(self):
        (first, *_) = examine(autograd.relu, Value(0.0)).findings
        assert first.verdict is Verdict.KINK and first.slopes == pytest.approx((0.0, 1.0))


def test_a_tied_parameter_is_one():
    w = Tensor([1.0, 2.0], "w")
    report = examine(lambda x: (x * w * w).sum(), Tensor([1.0, 3.0]), params=[w, w])
    assert report.ok
    assert {finding.name for finding in report.findings if finding.order == 1} == {"inputs[0]", "w"}


def test_a_number_that_is_nan_is_at_the_edge():
    """Also one on the way, in whose place the localiser can take no step either."""
    report = examine(lambda x: x.log().sum(), Tensor([-1.0]))
    assert report.verdict is Verdict.EDGE
    assert report.culprit.message == "log((1,)) is at the edge of its domain, or overflows"
    report = examine(lambda x: x * 2.0, Tensor([float("nan"), 1.0]))
    assert report.verdict is Verdict.EDGE
    assert report.culprit.message == "inputs[0] itself: it is not finite everywhere"
    report = examine(lambda x: (x * 1e200) * (x * 1e200), Tensor([2.0]))
    assert report.verdict is Verdict.EDGE
    assert report.culprit.message.endswith(" is at the edge of its domain, or overflows")
