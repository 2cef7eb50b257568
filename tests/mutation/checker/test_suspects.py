"""Graphs with one thing wrong, and who is to blame for it: rules, the edge, the engine, nobody."""

from __future__ import annotations

import math
import warnings
from unittest.mock import patch

import numpy as np

import autograd
from autograd import Node, Tensor, Value
from autograd.core import gradients
from autograd.core.node import new_node, raw
from autograd.testing.checker import calls, culprit, local
from autograd.testing.checker.graphs import Function, Gradient
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import quiet
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import row

FUNCTIONS = functions_in(culprit, local)
RTOL = 1e-6
NOBODY = ("unknown", "unknown: every rule by itself and their accumulation are right", None)
OWN = "is right, but its own derivative is not: does it use raw numbers where it should use nodes?"


def blamed(f, *inputs, order=1, asked=1, **report):
    """Who is to blame, as (kind, message), where something is found wrong with `f`."""
    it = Function(f, inputs)
    if order == 2:
        rng = np.random.default_rng(5)
        with it.at({}) as call:
            seed = rng.normal(size=call.output.shape)
        it = Gradient(it, float(seed) if type(call.output.raw) is float else seed)
    with quiet(), it.at({}) as call:
        cotangent = np.random.default_rng(6).normal(size=call.output.shape)
        found = culprit.locate(it, call, cotangent, Report("f", 0, RTOL, order=asked, **report))
    return found.kind, found.message.partition(": analytic")[0], getattr(found.node, "op", None)


def doubled(x):
    return x * 2.0


def test_nobody():
    assert blamed(doubled, Value(0.7)) == NOBODY
    others = np.random.get_state(legacy=False)["state"]["pos"]
    assert blamed(doubled, Value(0.7), order=2) == NOBODY
    assert np.random.get_state(legacy=False)["state"]["pos"] == others
    assert blamed(doubled, Tensor([1.0, 2.0]), order=2) == NOBODY
    assert blamed(lambda x: x + 1.0, Value(0.0), order=2) == NOBODY
    assert blamed(lambda x: autograd.heaviside(x * 2.0) + x, Value(0.7)) == NOBODY
    assert blamed(lambda x: autograd.heaviside(x) + x, Value(0.7), order=2) == NOBODY

    def made(g, out, x):
        assert not isinstance(out, Node) or out.op is not None
        return 2.0 * g * x

    assert blamed(row(made), Value(0.7), order=2) == NOBODY


def test_wrong_rules():
    thrice = row(lambda g, out, x: 3.0 * g * x, name="thrice")
    kind = ("rule", "the rule of thrice(()) for its operand 0", thrice)
    assert blamed(lambda x: autograd.sin(thrice(x * 1.5)), Value(0.7)) == kind
    assert blamed(lambda x: autograd.sqrt(0.0 * x) + thrice(x), Value(0.7)) == kind

    def writing(g, out, x):
        x += 0.0 * x + 1.0
        return 2.0 * g * (x - 1.0)

    write = row(writing, name="write")
    changes = "the rule of write((2,)) changes a number that it was given"
    assert blamed(write, Tensor([1.0, 2.0])) == ("rule", changes, write)


def test_rules_with_wrong_derivatives():
    reads = row(lambda g, out, x: 2.0 * g * raw(x), name="reads")
    shifted = row(reads.vjps, lambda x: x * x - 0.25, "shifted")  # 0 at 1/2
    assert blamed(shifted, Value(0.5), order=2)[0] == "rule"
    assert blamed(lambda x: reads(x) * 2.0, Value(0.7)) == NOBODY
    of_reads = ("rule", f"the rule of reads(()) {OWN}", reads)
    assert blamed(lambda x: reads(x) * 2.0, Value(0.7), order=2) == of_reads
    cut = row(lambda g, out, x: 2.0 * raw(g) * x, name="cut")
    assert blamed(cut, Tensor([1.0, 2.0]), order=2) == ("rule", f"the rule of cut((2,)) {OWN}", cut)
    constant = row(lambda g, out, x: raw(2.0 * g * x), name="constant")
    assert blamed(constant, Value(0.7), order=2) == (
        "rule",
        f"the rule of constant(()) {OWN}",
        constant,
    )


def test_rules_that_raise():
    def raising(g, out, x):
        raise LookupError("no rule")

    def deaf(g, out, x):
        return raising(g, out, x) if isinstance(g, Node) else 2.0 * g * x

    for rule in (raising, deaf):
        bad = row(rule, name="bad")
        found = "rule", "the rule of bad(()) raises LookupError: no rule", bad
        once = blamed(lambda x, bad=bad: bad(x) * 2.0, Value(0.7))
        assert once == (NOBODY if rule is deaf else found)
        assert blamed(lambda x, bad=bad: bad(x) * 2.0, Value(0.7), asked=2) == found


def test_the_edge_of_a_domain():
    assert Report("f", 0, RTOL).verdict is Verdict.OK
    assert blamed(lambda x: autograd.sqrt(x * 0.0), Value(0.7)) == NOBODY
    with patch.object(Report, "verdict", Verdict.EDGE):
        at_edge = ("edge", "sqrt(()) is at the edge of its domain, or overflows", autograd.sqrt)
        assert (
            blamed(lambda x: autograd.sqrt(x * 0.0) + autograd.log(x * 0.0), Value(0.7)) == at_edge
        )
        assert blamed(doubled, Value(0.7)) == NOBODY


def test_numbers_that_leave_the_graph():
    assert blamed(lambda x, y: x * y.data, Value(0.7), Tensor([1.0, 2.0])) == (
        "escape",
        "<lambda> itself: it reads the number of inputs[1], where no gradient follows",
        None,
    )

    def reading(x):
        z = x * 2.0
        return z * z.data * z.data + x.data

    read = blamed(reading, Value(0.7))
    assert read[1].partition("number of ")[2] == "mul((), ()), inputs[0], where no gradient follows"


def test_kinks():
    def bent(x):
        relu, size = autograd.relu(x), autograd.abs(x)
        return relu - size + autograd.relu(x) - autograd.maximum(x, 0.0)

    kinks = "the chain rule does not hold at this kink: relu(()), abs(()), maximum((), ())"
    assert blamed(bent, Value(0.0)) == ("kink", kinks, autograd.relu)


# --- the engine -------------------------------------------------------------------------------


def test_an_engine_that_raises_or_records_nothing():
    engine = ("engine", "the engine: every rule by itself is right", None)
    assert blamed(doubled, Value(0.7), problems=["a problem"]) == engine
    with autograd.no_grad():
        nothing = ("engine", "the engine: it records nothing; is no_grad() on?", None)
        assert blamed(doubled, Value(0.7)) == nothing

    def breaking(*_):
        raise OSError("broken")

    broken = ("engine", "the engine: it raises OSError: broken", None)
    with patch.object(culprit, "steps", breaking):
        assert blamed(doubled, Value(0.7)) == broken

    def unrecordable(g, out, x):
        if isinstance(g, Node):
            new_node(x.op, None, {}, 1.0)
        return 2.0 * g * x

    found = blamed(row(unrecordable, name="failing"), Value(0.7), asked=2)
    assert found[0] == "engine" and found[1].startswith("the engine: recording raises ")


def test_an_engine_that_records_other_parameters():
    def forgetful(x):
        out = autograd.sum(x, axis=0) * 2.0
        out.operands[0].params = {}
        return out

    lost = "the engine: sum((2,)) is not recorded as it was computed"
    assert blamed(forgetful, Tensor([1.0, 2.0])) == ("engine", lost, autograd.sum)


def tampered(tamper, f=lambda x, y: autograd.sin(x * y) * x, *inputs):
    def walk(*arguments):
        return [tamper(step) for step in autograd.steps(*arguments)]

    with patch.object(culprit, "steps", walk):
        return blamed(f, *(inputs or (Value(0.7, "x"), Tensor([1.0, 2.0], "y"))))


def scaled(name, factor):
    def tamper(step):
        mine = (step.node.op.name if step.node.op else step.node.label) == name
        return step._replace(gradient=step.gradient * factor) if mine else step

    return tamper


def test_an_engine_that_adds_up_wrongly():
    added = "the engine: what reaches {} is added up wrongly"
    assert tampered(lambda step: step)[0] == "unknown"
    for name, shown in (("sin", "sin((2,))"), ("x", "x"), ("y", "y")):
        for factor, wrong in ((1 + 1e-6, True), (1 + 1.0005e-9, False), (1 + 1.0015e-9, True)):
            found = tampered(scaled(name, factor))
            assert found[:2] == ("engine", added.format(shown)) or not wrong, (name, factor, found)
            assert wrong or found[0] == "unknown", (name, factor, found)
    lost = tampered(lambda step: step._replace(node=None) if step.node.label == "y" else step)
    assert lost[:2] == ("engine", added.format("y"))
    assert tampered(scaled("x", math.nan))[0] == "engine"
    all_of_them = tampered(lambda step: step._replace(gradient=step.gradient * 1.001))
    assert all_of_them[1] == added.format("mul((2,), ())")


def test_an_entry_that_is_tiny_beside_another_is_not_looked_at_to_all_its_digits():
    y = Tensor([1.0, 2.0], "y")

    def offset(step):
        if step.node.label != "y":
            return step
        return step._replace(gradient=step.gradient + np.array([0.0, by]) * step.gradient[0])

    for first in (1e-3, -1e-3):
        factors = np.array([first, 1e-16])
        for by, expected in ((0.9995e-12, "unknown"), (1.0005e-12, "engine")):
            found = tampered(offset, lambda y, factors=factors: y * factors, y)
            assert found[0] == expected, (by, found)


def test_what_is_empty_or_no_number_is_not_held_against_the_engine():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert blamed(autograd.sqrt, Tensor([0.0, 4.0]))[0] == "unknown"
        assert blamed(lambda x: autograd.sqrt(x * x), Value(0.0))[0] == "unknown"
    x = Value(0.7, "x")
    empty = Tensor(np.zeros((0, 2)))
    assert tampered(lambda step: step, lambda x: x * 2.0, empty)[0] == "unknown"
    undefined = tampered(lambda step: step, lambda x: autograd.sqrt(x * 0.0) * 0.0, x)
    assert undefined[0] == "unknown"  # 0 · ∞ is not a number for either
    unused = tampered(lambda step: step, lambda x: autograd.where(0.0, autograd.sqrt(x), x), x)
    assert unused[0] == "unknown"


def test_an_engine_that_records_gradients_wrongly():
    x, real = Value(0.7, "x"), autograd.grad

    def half(output, inputs, seed=None, *, create_graph=False):
        found = real(output, inputs, seed, create_graph=create_graph)
        return [g.detach() for g in found] if create_graph else found

    with patch.object(calls, "grad", half):
        found = blamed(lambda x: autograd.sin(x) * 2.0, x, order=2)
    message = "the engine: the rule of sin(()) can be differentiated, but not as it is recorded"
    assert found == ("engine", message, autograd.sin)

    with patch.object(gradients, "zeros_like", lambda node: 2 * node.shape):
        found = blamed(lambda x: x + x, Tensor([[1.0, 2.0, 3.0]]), order=2)
    message_of_add = message.replace("sin(())", "add((1, 3), (1, 3))")
    assert found == ("engine", message_of_add, autograd.add)

    def refusing(*_, **__):
        raise OSError("broken")

    function = Function(lambda x: autograd.sin(x) * 2.0, (x,))
    gradient = Gradient(function, 0.5)
    with gradient.at({}) as call, patch.object(calls, "grad", refusing):
        blame = culprit.locate(gradient, call, 0.3, Report("f", 0, RTOL))
    assert (blame.kind, blame.message) == ("engine", message), blame
