"""Batteries for the localiser: graphs with one thing wrong, and who has to be blamed for it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

import autograd
from autograd import TABLE, Node, Primitive, Tensor, Value
from autograd.core import gradients
from autograd.core.node import new_node
from autograd.testing.checker import culprit, subject
from autograd.testing.checker.culprit import RuleError, locate, name_of
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Function, Gradient, quiet
from autograd.testing.checker.verdict import Verdict
from autograd.testing.mutation.sources import functions_in
from tests.mutation.batteries.parts import raised, row, said

FUNCTIONS = functions_in(culprit)
RTOL = 1e-6


def pieces() -> None:
    """Finding nodes, naming them, calling them again, and undoing broadcasting."""
    x, y = Value(2.0, "x"), Tensor([1.0, 2.0])
    product = x * y
    total = product + product
    root = total * 3.0
    assert culprit.recorded(root) == [x, y, product, total, root]
    assert culprit.recorded(x) == [x]
    paths = [x]
    for _ in range(60):
        paths.append(paths[-1] + paths[-2 if len(paths) > 1 else -1])
    assert culprit.recorded(paths[-1]) == paths
    assert culprit.raw_operands(root) == [total.raw, 3.0]
    total.label = "total"
    assert [name_of(node) for node in (x, y, product, total, root)] == [
        "x",
        "an input",
        "mul((), (2,))",
        "add((2,), (2,)) 'total'",
        "mul((2,), ())",
    ]

    chain, stopped = [x], autograd.stop_gradient(x)
    for _ in range(60):
        chain.append(chain[-1] + 1.0)
    other, third = x + y, autograd.sum(y, axis=0)
    fourth = autograd.sum(y, axis=0, keepdims=True)
    nodes = [*chain, stopped, other, third, fourth]
    assert culprit.first_of_each_kind(nodes) == [*chain[1:51], other, third, fourth]

    assert culprit.replays(product) and culprit.replays(third)
    changes: tuple[dict[str, Any], ...] = (
        {"params": {}},
        {"params": {"axis": 0}},
        {"operands": (x,)},
    )
    for change in changes:
        node = autograd.sum(y)
        for name, value in change.items():
            setattr(node, name, value)
        assert not culprit.replays(node), change

    grid = np.arange(24.0).reshape(2, 3, 4)
    for shape, expected in (
        ((2, 3, 4), grid),
        ((3, 4), grid.sum(0)),
        ((1, 4), grid.sum((0, 1))[None]),
        ((2, 1, 4), grid.sum(1, keepdims=True)),
        ((), grid.sum()),
    ):
        found = culprit.undone(grid, shape)
        assert found.shape == shape and np.array_equal(found, expected), shape
    for wrong in ((5, 4), (2, 2, 3, 4), (2, 3, 5)):
        assert said(culprit.undone, grid, wrong).startswith("ValueError: "), wrong
    assert "a gradient of shape (1,) for an operand of shape (3,)" in said(
        culprit.undone, np.ones(1), (3,)
    )


def rules() -> None:
    """A rule by itself: what it sends on, and what it must not do."""
    x, y = Tensor([1.0, 2.0]), Value(3.0)
    z = x * y
    sent = culprit.contributions(z, np.array([1.0, 10.0]))
    assert list(sent) == [0, 1] and sent[0].tolist() == [3.0, 30.0] and sent[1] == 21.0
    assert list(culprit.contributions(2.0 * x, np.ones(2))) == [1]
    largest = culprit.contributions(autograd.maximum(x, 1.5, y), np.array([1.0, 10.0]))
    assert list(largest) == [0, 2] and largest[2] == 11.0
    steps = culprit.contributions(autograd.heaviside(x), np.ones(2))
    assert steps[0].tolist() == [0.0, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert culprit.contributions(autograd.sqrt(Value(0.0)), np.array(1.0)) == {0: math.inf}
        assert culprit.contributions(autograd.sqrt(Tensor([0.0])), np.ones(1))[0] == math.inf
    seen: list[Any] = []

    def watching(g: Any, out: Any, x: Any) -> Any:
        seen.extend((g, out, x))
        return 2.0 * g * x

    node = row(watching)(y)
    culprit.contributions(node, np.array(0.5))
    g, out, number, *recorded = seen
    assert [type(one) for one in (g, out, number)] == [float] * 3 and (g, out, number) == (
        0.5,
        9,
        3,
    )
    assert type(recorded[0]) is Value and recorded[0].data == 0.5
    assert recorded[1] is node and recorded[2] is y

    def raising(g: Any, out: Any, x: Any) -> Any:
        raise LookupError("no rule")

    def raising_on_nodes(g: Any, out: Any, x: Any) -> Any:
        return raising(g, out, x) if isinstance(g, Node) else 2.0 * g * x

    def writing(g: Any, out: Any, x: Any) -> Any:
        x += 1.0
        return 2.0 * g * x

    def scaling(g: Any, out: Any, x: Any) -> Any:
        g *= 2.0
        return g * x

    for rule, message in (
        (raising, "raises LookupError: no rule"),
        (raising_on_nodes, "raises LookupError: no rule"),
        (lambda g, out, x: np.ones((3, 2)), None),
        (lambda g, out, x: np.ones((2, 3)), "raises ValueError: shape mismatch"),
        (lambda g, out, x: 1.0, "raises ValueError: a gradient of shape () for an operand of"),
        (writing, "changes a number that it was given"),
        (scaling, "changes a number that it was given"),
    ):
        node = row(rule)(x)
        found = said(culprit.contributions, node, np.ones(2))
        assert found.startswith(f"RuleError: {message}" if message else ""), found
        assert (found == "") is (message is None)
    error = raised(culprit.contributions, row(raising)(x), np.ones(2))
    assert isinstance(error, RuleError) and error.node.op.name == "row"  # type: ignore[union-attr]
    assert isinstance(error.__cause__, LookupError)

    local = culprit.Local(2.0 * x + 0.0 * y)
    assert local.name == "add" and list(local.numbers) == ["0", "1"]
    local = culprit.Local(autograd.clip(x, lo=1.5))
    with local.at({}) as call:
        assert call.output.data.tolist() == [1.5, 2.0]
        assert list(call.gradients(np.ones(2))) == ["0"]
    with local.at({"0": np.array([4.0, 0.0])}) as call:
        assert call.output.data.tolist() == [4.0, 1.5]
        assert call.leaves["0"].data.tolist() == [4.0, 0.0]
        assert call.gradients(np.array([3.0, 5.0]))["0"].tolist() == [3.0, 0.0]
    with culprit.Local(autograd.sub(5.0, y)).at({"1": 1.0}) as call:
        assert call.output.data == 4.0


def unwrapped(x: Any) -> Any:
    return x.raw if isinstance(x, Node) else x


def one(f: Any, *operands: Any) -> list[tuple[Any, ...]]:
    """The faults of the last node, without numbers."""
    node = f(*operands)
    found = list(culprit.faults(node, RTOL, np.random.default_rng(0)))
    assert all(fault.node is node for fault in found)
    return [
        (fault.kind, fault.operand, fault.message.partition(": analytic")[0]) for fault in found
    ]


def single_rules() -> None:
    """What is said of one node: wrong, not linear, at a kink, at the edge; of its first fault."""
    x, y = Tensor([1.0, 2.0]), Value(3.0)
    assert one(lambda x, y: x * y, x, y) == []
    assert one(autograd.sqrt, Value(0.0)) == [("edge", 0, "sqrt(()) is at the edge of its domain")]
    assert one(autograd.relu, Value(0.0)) == [("kink", 0, "relu(())")]
    assert one(autograd.heaviside, Value(0.0)) == []  # jumps, which says nothing of its rule
    assert one(autograd.heaviside, Value(1.0)) == []

    def product(*rules: Any) -> Primitive:
        return row(rules, lambda x, y: x * y, "product")

    right = (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)
    message = "the rule of product((2,), ()) for its operand"
    assert one(product(right[0], lambda g, out, x, y: 2 * g * x), x, y) == [
        ("rule", 1, f"{message} 1")
    ]
    assert one(product(lambda g, out, x, y: -g * y, right[1]), x, y) == [
        ("rule", 0, f"{message} 0")
    ]
    assert one(product(right[0], None), x, y) == [("rule", 1, f"{message} 1")]
    many = np.ones(20)
    many[13] = 1.001
    assert one(row(lambda g, out, x: 2.0 * g * x * many), Tensor(np.arange(1.0, 21.0))) == [
        ("rule", 0, "the rule of row((20,)) for its operand 0")
    ]
    threefold = row(lambda g, out, x: 3.0 * g * x)(Value(1.0))
    (wrong,) = culprit.faults(threefold, RTOL, np.random.default_rng(0))
    assert ": analytic 3, numeric 2 ± " in wrong.message
    assert one(row(lambda g, out, x: 2.0 * abs(g) * x), Value(1.0))[-1:] == [
        ("rule", 0, "the rule of row(()) is not linear in the upstream gradient")
    ]
    assert not any("linear" in text for *_, text in one(row(lambda g, out, x: g * math.inf), y))
    assert "linear" not in str(one(row(lambda g, out, x: g * math.nan), y))
    sign = row(lambda g, out, x: 2.0 * g * x * (1.0 + 1e-7 * (g < 0.0)), name="sign")
    assert "linear" in str(one(sign, y))
    for x0, offset, linear in ((0.0, 1e-292, True), (0.0, 1e-285, False), (1e-288, 1e-292, True)):
        off = one(row(lambda g, out, x, by=offset: 2.0 * g * x + by), Value(x0))
        assert ("linear" in str(off)) is not linear, (offset, off)


def blamed(f: Any, *inputs: Any, order: int = 1, **report: Any) -> tuple[Any, ...]:
    """Who is to blame, as (kind, message), where something is found wrong with `f`."""
    it: Any = Function(f, inputs)
    if order == 2:
        rng = np.random.default_rng(5)
        with it.at({}) as call:
            seed = rng.normal(size=call.output.shape)
        it = Gradient(it, float(seed) if type(call.output.raw) is float else seed)
    with quiet(), it.at({}) as call:
        cotangent = np.random.default_rng(6).normal(size=call.output.shape)
        found = locate(it, call, cotangent, Report("f", 0, RTOL, **report))
    return found.kind, found.message.partition(": analytic")[0], getattr(found.node, "op", None)


def everybody() -> None:
    """The order of suspicion: rules, the edge, the engine, what escapes, kinks, nobody."""
    x, y = Value(0.7), Tensor([1.0, 2.0])
    thrice = row(lambda g, out, x: 3.0 * g * x, name="thrice")
    raw = row(lambda g, out, x: 2.0 * g * unwrapped(x), name="raw")
    nobody = ("unknown", "unknown: every rule by itself and their accumulation are right", None)
    assert blamed(lambda x: x * 2.0, x) == nobody
    others = np.random.get_state(legacy=False)["state"]["pos"]  # type: ignore[call-overload]
    assert blamed(lambda x: x * 2.0, x, order=2) == nobody
    assert np.random.get_state(legacy=False)["state"]["pos"] == others  # type: ignore[call-overload]
    assert blamed(lambda y: y * 2.0, y, order=2) == nobody
    assert blamed(lambda x: x + 1.0, Value(0.0), order=2) == nobody
    assert blamed(lambda x: autograd.heaviside(x * 2.0) + x, x) == nobody
    assert blamed(lambda x: autograd.heaviside(x) + x, x, order=2) == nobody

    shifted = row(raw.vjps, lambda x: x * x - 0.25, "shifted")  # 0 at 1/2
    assert blamed(shifted, Value(0.5), order=2)[0] == "rule"

    def made(g: Any, out: Any, x: Any) -> Any:
        assert not isinstance(out, Node) or out.op is not None
        return 2.0 * g * x

    assert blamed(row(made), x, order=2) == nobody

    def writing(g: Any, out: Any, x: Any) -> Any:
        x += 0.0 * x + 1.0
        return 2.0 * g * (x - 1.0)

    write = row(writing, name="write")
    changes = "the rule of write((2,)) changes a number that it was given"
    assert blamed(write, y) == ("rule", changes, write)
    engine = ("engine", "the engine: every rule by itself is right", None)
    assert blamed(lambda x: x * 2.0, x, problems=["a problem"]) == engine
    kind = ("rule", "the rule of thrice(()) for its operand 0", thrice)
    assert blamed(lambda x: autograd.sin(thrice(x * 1.5)), x) == kind
    assert blamed(lambda x: autograd.sqrt(0.0 * x) + thrice(x), x) == kind

    with autograd.no_grad():
        assert blamed(lambda x: x * 2.0, x) == (
            "engine",
            "the engine: it records nothing; is no_grad() on?",
            None,
        )

    def forgetful(x: Any) -> Any:
        out = autograd.sum(x, axis=0) * 2.0
        out.operands[0].params = {}
        return out

    lost = "the engine: sum((2,)) is not recorded as it was computed"
    assert blamed(forgetful, y) == ("engine", lost, TABLE["sum"])

    edge = Report("f", 0, RTOL)
    assert edge.verdict is Verdict.OK
    rooted = lambda x: autograd.sqrt(x * 0.0)  # noqa: E731
    assert blamed(rooted, x) == nobody
    with patch.object(Report, "verdict", Verdict.EDGE):
        at_edge = ("edge", "sqrt(()) is at the edge of its domain", TABLE["sqrt"])
        log = lambda x: autograd.sqrt(x * 0.0) + autograd.log(x * 0.0)  # noqa: E731
        assert blamed(log, x) == at_edge
        assert blamed(lambda x: x * 2.0, x) == nobody
    assert blamed(lambda x, y: x * y.data, x, y) == (
        "escape",
        "<lambda> itself: it reads the number of inputs[1], where no gradient follows",
        None,
    )

    def reading(x: Any) -> Any:
        z = x * 2.0
        return z * z.data * z.data + x.data

    read = blamed(reading, x)
    assert read[1].partition("number of ")[2] == "mul((), ()), inputs[0], where no gradient follows"

    def bent(x: Any) -> Any:
        relu, size = autograd.relu(x), autograd.abs(x)
        return relu - size + autograd.relu(x) - autograd.maximum(x, 0.0)

    kinks = "the chain rule does not hold at this kink: relu(()), abs(()), maximum((), ())"
    assert blamed(bent, Value(0.0)) == ("kink", kinks, TABLE["relu"])
    own = (
        "is right, but its own derivative is not: "
        "does it use raw numbers where it should use nodes?"
    )
    assert blamed(lambda x: raw(x) * 2.0, x) == nobody
    assert blamed(lambda x: raw(x) * 2.0, x, order=2) == ("rule", f"the rule of raw(()) {own}", raw)
    cut = row(lambda g, out, x: 2.0 * unwrapped(g) * x, name="cut")
    assert blamed(cut, y, order=2) == ("rule", f"the rule of cut((2,)) {own}", cut)
    constant = row(lambda g, out, x: unwrapped(2.0 * g * x), name="constant")
    assert blamed(constant, x, order=2) == ("rule", f"the rule of constant(()) {own}", constant)

    def raising(g: Any, out: Any, x: Any) -> Any:
        raise LookupError("no rule")

    def deaf(g: Any, out: Any, x: Any) -> Any:
        return raising(g, out, x) if isinstance(g, Node) else 2.0 * g * x

    for rule in (raising, deaf):
        bad = row(rule, name="bad")
        message = "the rule of bad(()) raises LookupError: no rule"
        assert blamed(lambda x: bad(x) * 2.0, x) == ("rule", message, bad)  # noqa: B023

    def breaking(*_: Any) -> Any:
        raise OSError("broken")

    broken = ("engine", "the engine: it raises OSError: broken", None)
    with patch.object(culprit, "steps", breaking):
        assert blamed(lambda x: x * 2.0, x) == broken

    def unrecordable(g: Any, out: Any, x: Any) -> Any:
        if isinstance(g, Node):
            new_node(x.op, None, {}, 1.0)  # type: ignore[arg-type]
        return 2.0 * g * x

    failing = row(unrecordable, name="failing")
    found = blamed(failing, x)
    assert found[0] == "engine" and found[1].startswith("the engine: recording raises "), found


def engines() -> None:
    """Walks that add up wrongly, or do not record what they do."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert blamed(autograd.sqrt, Tensor([0.0, 4.0]))[0] == "unknown"
        assert blamed(lambda x: autograd.sqrt(x) * 0.0, Value(0.0))[0] == "unknown"
    x, y = Value(0.7, "x"), Tensor([1.0, 2.0], "y")

    def tampered(tamper: Callable[[Any], Any], f: Any = None, *inputs: Any) -> tuple[Any, ...]:
        def walk(*arguments: Any) -> Any:
            return [tamper(step) for step in autograd.steps(*arguments)]

        with patch.object(culprit, "steps", walk):
            return blamed(f or (lambda x, y: autograd.sin(x * y) * x), *(inputs or (x, y)))

    def scaled(name: str, factor: float) -> Callable[[Any], Any]:
        def tamper(step: Any) -> Any:
            mine = (step.node.op.name if step.node.op else step.node.label) == name
            return step._replace(gradient=step.gradient * factor) if mine else step

        return tamper

    added = "the engine: what reaches {} is added up wrongly"
    assert tampered(lambda step: step)[0] == "unknown"
    for name, shown in (("sin", "sin((2,))"), ("x", "x"), ("y", "y")):
        for factor, wrong in ((1 + 1e-6, True), (1 + 1.0005e-9, False), (1 + 1.0015e-9, True)):
            found = tampered(scaled(name, factor))
            assert found[:2] == ("engine", added.format(shown)) or not wrong, (name, factor, found)
            assert wrong or found[0] == "unknown", (name, factor, found)
    assert tampered(lambda step: step._replace(node=None) if step.node.label == "y" else step)[
        :2
    ] == ("engine", added.format("y"))
    assert tampered(scaled("x", math.nan))[0] == "engine"
    all_of_them = tampered(lambda step: step._replace(gradient=step.gradient * 1.001))
    assert all_of_them[1] == added.format("mul((2,), ())")
    # an entry that is tiny beside another is not looked at to all its digits

    def offset(step: Any) -> Any:
        if step.node.label != "y":
            return step
        return step._replace(gradient=step.gradient + np.array([0.0, by]) * step.gradient[0])

    for first in (1e-3, -1e-3):
        factors = np.array([first, 1e-16])
        for by, expected in ((0.9995e-12, "unknown"), (1.0005e-12, "engine")):
            found = tampered(offset, lambda y, factors=factors: y * factors, y)
            assert found[0] == expected, (by, found)
    empty = Tensor(np.zeros((0, 2)))
    assert tampered(lambda step: step, lambda x: x * 2.0, empty)[0] == "unknown"
    undefined = tampered(lambda step: step, lambda x: autograd.sqrt(x * 0.0) * 0.0, x)
    assert undefined[0] == "unknown"  # 0 · ∞ is not a number for either
    unused = tampered(lambda step: step, lambda x: autograd.where(0.0, autograd.sqrt(x), x), x)
    assert unused[0] == "unknown"

    real = autograd.grad

    def half(output: Any, inputs: Any, seed: Any = None, *, create_graph: bool = False) -> Any:
        found = real(output, inputs, seed, create_graph=create_graph)
        return [g.detach() for g in found] if create_graph else found

    with patch.object(subject, "grad", half):
        found = blamed(lambda x: autograd.sin(x) * 2.0, x, order=2)
    message = "the engine: the rule of sin(()) can be differentiated, but not as it is recorded"
    assert found == ("engine", message, TABLE["sin"])

    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError("broken")

    with patch.object(gradients, "zeros_like", lambda node: 2 * node.shape):
        found = blamed(lambda x: x + x, Tensor([[1.0, 2.0, 3.0]]), order=2)
    message_of_add = message.replace("sin(())", "add((1, 3), (1, 3))")
    assert found == ("engine", message_of_add, TABLE["add"])

    function = Function(lambda x: autograd.sin(x) * 2.0, (x,))
    gradient = Gradient(function, 0.5)
    with gradient.at({}) as call, patch.object(subject, "grad", refusing):
        blame = locate(gradient, call, 0.3, Report("f", 0, RTOL))
    assert (blame.kind, blame.message) == ("engine", message), blame


BATTERIES: dict[str, Callable[[], Any]] = {
    "pieces": pieces,
    "rules by themselves": rules,
    "single nodes": single_rules,
    "suspects": everybody,
    "engines": engines,
}
