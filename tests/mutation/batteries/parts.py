"""Batteries for what `check_grads` is made of: subjects, promises and symmetries, the report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import autograd
from autograd import TABLE, Node, Primitive, Tensor, Value
from autograd.errors import GradientError
from autograd.testing.checker import passes, report, subject
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.checker.subject import Call, Function, Gradient
from autograd.testing.checker.verdict import Verdict
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(subject, report, passes)


def raised(action: Callable[..., Any], *arguments: Any, **more: Any) -> Exception | None:
    try:
        action(*arguments, **more)
    except Exception as error:
        return error
    return None


def said(action: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    """What an action raised; nothing where it passed."""
    error = raised(action, *arguments, **more)
    return f"{type(error).__name__}: {error}" if error else ""


def row(rule: Any, forward: Any = lambda x: x * x, name: str = "row", **more: Any) -> Primitive:
    """A primitive with the rule, or the rules, given."""
    rules = rule if isinstance(rule, tuple) else (rule,)
    return Primitive(name, name, forward, forward, rules, "x².", **more)


# --- what is checked --------------------------------------------------------------------------


class Pair(NamedTuple):
    left: Any
    right: Any


class Module:
    """What counts as a module, with all kinds of state."""

    def __init__(self) -> None:
        self.weight: Any = Tensor([[2.0, 3.0]], "weight")
        self.bias: Any = Value(0.5, "bias")
        self.mean, self.fixed = np.zeros(2), np.ones(2)
        self.fixed.flags.writeable = False
        self.random = np.random.default_rng(0)

    def named_parameters(self) -> Iterator[tuple[str, Node]]:
        yield from (("weight", self.weight), ("bias", self.bias))

    def __call__(self, x: Any) -> Any:
        self.mean += 1.0
        self.calls = self.random.normal()
        return self.weight @ x + self.bias


class Tree(Module):
    """A module with another inside."""

    def __init__(self) -> None:
        super().__init__()
        self.child = Module()

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        yield from (("", self), ("child", self.child))


def structures() -> None:
    """Nested inputs and results, and the parameters of modules."""
    grid = np.empty((1, 2), object)
    grid[0, 0], grid[0, 1] = 4, 5
    pair = Pair([3], {"k": grid})
    tree = [1, (2, pair), np.array([6.0])]
    leaves = list(subject.flat(tree, "t"))
    paths = ["t[0]", "t[1][0]", "t[1][1][0][0]", "t[1][1][1]['k'][0][0]", "t[1][1][1]['k'][0][1]"]
    assert [path for path, _ in leaves] == [*paths, "t[2]"]
    assert [leaf for _, leaf in leaves[:-1]] == [1, 2, 3, 4, 5]
    assert leaves[-1][1] is tree[2]
    again = subject.rebuilt(tree, iter("abcdef"))
    assert again[0] == "a" and again[1][0] == "b" and again[2] == "f" and len(again) == 3
    assert type(again) is list and type(again[1]) is tuple and type(again[1][1]) is Pair
    assert again[1][1].left == ["c"]
    assert again[1][1].right["k"].tolist() == [["d", "e"]] and grid.tolist() == [[4, 5]]
    assert list(subject.flat(1.5)) == [("", 1.5)]

    module, x, y, again = Module(), Value(1.0), Tensor([2.0], "y"), Value(3.0, "y")
    named = dict(module.named_parameters())
    for f, params, expected in (
        (module, None, named),
        (len, module, named),
        (len, None, {}),
        (module, [x], {"params[0]": x}),
        (len, (x, [y]), {"params[0]": x, "y": y}),
        (len, {"a": x}, {"params['a']": x}),
        (len, [y, x, again], {"y": y, "params[1]": x, "params[2]": again}),
        (len, [x, y, x], {"params[0]": x, "y": y}),
        (len, x, {"params": x}),
        (len, iter([x]), {"params[0]": x}),
    ):
        assert subject.parameters_of(f, params) == expected, params
    refusal = "TypeError: params must be leaves of the graph, got"
    assert said(subject.parameters_of, len, [1.0]) == f"{refusal} float as params[0]"
    assert said(subject.parameters_of, len, [x * x]) == f"{refusal} Value as params[0]"
    assert said(subject.parameters_of, len, [x]) == ""

    assert subject.joined([y]) is y
    both = subject.joined([Tensor([[1.0, 2.0]]), Value(3.0)])
    assert both.data.tolist() == [1.0, 2.0, 3.0]
    assert subject.like(1.0, np.float64(2.0)) == 2.0
    assert type(subject.like(1.0, np.float64(2.0))) is float
    assert type(subject.like(np.ones(1), 2)) is int
    assert type(subject.leaf_of(1.0, "a")) is Value and subject.leaf_of(1.0, "a").label == "a"
    array = subject.leaf_of(np.ones(1), "b")
    assert (type(array), array.label, array.data) == (Tensor, "b", [1.0])
    nan = np.array([np.nan])
    assert subject.same(1, 2) and subject.same(nan, nan.copy())
    assert not subject.same(nan, np.ones(1))
    assert subject.kind(np.arange(2)) == "an array of int64" and subject.kind(3) == "int"
    assert subject.widened(1.0) == 1.0
    assert subject.widened(np.ones(1, np.float32)).dtype == np.float64
    wide = np.ones(1)
    assert subject.widened(wide) is wide


def surroundings() -> None:
    """What holds while a function is checked, and no longer."""
    before = np.geterr()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with subject.quiet():
            assert set(np.geterr().values()) == {"ignore"}
            warnings.warn("the output mul is finite, but", stacklevel=1)
            warnings.warn("the output is finite, but", stacklevel=1)
            warnings.warn("anything else", stacklevel=1)
        warnings.warn("the output is finite, but", stacklevel=1)
    assert [str(one.message)[:12] for one in caught] == ["anything els", "the output i"]
    assert np.geterr() == before
    cast = TABLE["astype"]
    with subject.in_float64():
        assert cast(Tensor([1.0]), dtype="float32").dtype == np.float64
    assert cast(Tensor([1.0]), dtype="float32").dtype == np.float32

    tree, other = Tree(), Module()
    held, states = [dict(vars(m)) for m in (tree, tree.child)], tree.random.bit_generator.state
    with subject.restoring(tree, None, abs, other):
        for module in (tree, tree.child, other):
            module(np.ones(2))
        tree.mean = np.ones(3)
    for module, was in zip((tree, tree.child), held, strict=True):
        assert vars(module).keys() == was.keys()
        assert all(vars(module)[name] is was[name] for name in was)
        assert module.mean.tolist() == [0.0, 0.0]
        assert module.random.bit_generator.state == states
    assert other.mean.tolist() == [0.0, 0.0] and "calls" not in vars(other)

    def failing() -> None:
        with subject.restoring(other):
            other(np.ones(2))
            raise KeyError("inside")

    assert said(failing) == "KeyError: 'inside'"
    assert other.mean.tolist() == [0.0, 0.0]

    def raising(error: Exception) -> None:
        with subject.backward_pass():
            raise error

    assert said(raising, KeyError("k")) == "BackwardError: the backward pass raises KeyError: 'k'"
    assert said(raising, GradientError("as it is")) == "GradientError: as it is"
    assert GradientError("message").report is None
    assert GradientError("message", 3).report == 3


def subjects() -> None:
    """A function is called on other numbers, and what it must not do is refused."""
    assert "needs a function first, got Value" in said(Function, Value(1.0), ())
    assert "there is nothing to differentiate, got no inputs; numbers" in said(Function, abs, ())
    assert ", got int, an array of int64; " in said(Function, abs, (3, np.arange(2)))
    module = Module()
    assert Function(module, ()).name == "Module" and Function(abs, (Value(1.0),)).name == "abs"
    stale = module.weight * 2.0
    index, weight = module.weight.index, module.weight.data
    narrow = Tensor(np.array([1.0, 2.0], np.float32), "x")
    function = Function(module, (narrow,))
    assert list(function.numbers) == ["inputs[0]", "weight", "bias"]
    assert function.numbers["inputs[0]"].dtype == np.float64
    assert function.original["inputs[0]"] is narrow.raw
    moved = np.array([[1.0, 1.0]])
    with function.at({"weight": moved}) as call:
        assert list(call.leaves) == ["inputs[0]", "weight", "bias"]
        assert call.leaves["inputs[0]"].label == "x"
        assert call.leaves["weight"] is module.weight and module.weight.raw is moved
        assert call.output.data == [3.5]
        module.weight.index += 100
    assert (module.weight.index, module.weight.raw.tolist()) == (index, weight.tolist())
    assert autograd.grad(stale.sum(), module.weight).tolist() == [[2.0, 2.0]]
    with function.at({"inputs[0]": np.zeros(2)}) as call:
        assert call.output.data == [0.5]

    def fails(x: Any) -> Any:
        module.weight.raw = x.raw
        raise KeyError

    def entered(f: Any, *inputs: Any, **more: Any) -> str:
        return said(Function(f, inputs, **more).at({}).__enter__)

    assert entered(fails, Value(1.0), params=module) == "KeyError: "
    assert module.weight.raw.tolist() == weight.tolist()

    def rebinds(node: Node) -> Any:
        node.data = 2.0 * node.data
        return node * 1.0  # type: ignore[operator]

    def writes(x: Any, array: Any) -> Any:
        array += 1.0
        return x * array

    raw, marker = np.ones(1), object()
    changes = "must leave its inputs alone, but it changes"
    assert f"rebinds {changes} inputs[0]; let" in entered(rebinds, Value(1.0))
    assert f"{changes} inputs[1]; let" in entered(writes, Value(1.0), raw)
    assert raw.tolist() == [1.0]
    assert f"{changes} weight; let" in entered(lambda: rebinds(module.weight), params=module)
    with Function(lambda x, kept: [x, x * (kept is marker)], (Value(2.0), marker)).at({}) as call:
        assert call.output.data.tolist() == [2.0, 2.0]
    assert "(or a list or dict of them), got float as the result[1]; did" in entered(
        lambda x: [x, 1.0], Value(1.0)
    )
    assert "must return a Value or a Tensor, got nothing" in entered(lambda x: [], Value(1.0))

    product = Function(lambda x, y: x * y, (Value(2.0), Tensor([3.0, 4.0])))
    with product.at({}) as call:
        seed = np.array([1.0, 10.0])
        found = call.gradients(seed)
        assert list(found) == ["inputs[0]", "inputs[1]"] and found["inputs[0]"] == 43.0
        assert call.gradients(seed, ["inputs[1]"])["inputs[1]"].tolist() == [2.0, 20.0]
        assert list(call.gradients(seed, ["inputs[1]"])) == ["inputs[1]"]
    with Function(lambda x: x * x, (Value(3.0),)).at({}) as call:
        assert call.gradients(np.array(2.0)) == {"inputs[0]": 12.0}
    with Function(autograd.sqrt, (Value(0.0),)).at({}) as call, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert call.gradients(0.0)["inputs[0]"] != 0.0  # 0 · ∞, in silence
    first = Gradient(product, np.array([1.0, 10.0]))
    assert first.name == "the gradient of <lambda>"
    assert list(first.numbers) == ["inputs[0]", "inputs[1]", "cotangent"]
    with first.at({"inputs[0]": 5.0}) as call:
        assert list(call.leaves) == ["inputs[0]", "inputs[1]", "cotangent"]
        assert call.leaves["cotangent"].label == "cotangent"
        assert call.output.data.tolist() == [43.0, 5.0, 50.0]
        assert call.gradients(np.ones(3))["cotangent"].tolist() == [8.0, 9.0]
    with first.at({"cotangent": np.array([1.0, 0.0])}) as call:
        assert call.output.data.tolist() == [3.0, 2.0, 0.0]
    second = Gradient(first, np.ones(3))
    assert second.cotangent == "cotangent′" and len(second.numbers) == 4
    with second.at({}) as call:
        assert call.output.data.tolist() == [11.0, 1.0, 10.0, 5.0, 6.0]

    def refusing(g: Any, out: Any, x: Any) -> Any:
        raise LookupError("no")

    refused = "BackwardError: the backward pass raises LookupError: no"
    broken = Function(row(refusing), (Value(1.0),))
    with broken.at({}) as call:
        assert said(call.gradients, 1.0) == refused

    assert said(Gradient(broken, 1.0).at({}).__enter__) == refused


# --- the report -------------------------------------------------------------------------------


def reports() -> None:
    """Which finding decides, and how a report reads."""

    def finding(verdict: Verdict, analytic: float = 1.0, order: int = 1, **more: Any) -> Finding:
        values = {"name": "x", "index": (0, 1), "output": None, "numeric": 1.0, "error": 0.25}
        return Finding(
            **{**values, "order": order, "tolerance": 0.5, "analytic": analytic} | more,
            verdict=verdict,
        )

    ok, wrong, kink, edge = Verdict.OK, Verdict.WRONG, Verdict.KINK, Verdict.EDGE
    assert finding(ok).where == "x[0, 1]"
    assert finding(ok, index=()).where == finding(ok, index=None).where == "x"
    for one, explained in (
        (finding(ok, index=None, output=(2,)), ""),
        (finding(wrong, index=None, output=(2, 3)), "along a random direction; output [2, 3]"),
        (finding(wrong, output=()), ""),
        (finding(kink, index=None, slopes=(0.0, 1.0)), "slopes 0 on the left, 1 on the right"),
        (finding(edge, note="said", index=None), "said; along a random direction"),
    ):
        assert one.explained == explained, one
    empty = Report("f", 7, 1e-6)
    assert empty.ok and empty.verdict is ok and str(empty) == "f: ok (rtol 1e-06, seed 7)"
    assert repr(empty) == str(empty) and empty.worst == []
    broken = Report("f", 7, 1e-6, [finding(ok)], ["a <problem>"])
    assert not broken.ok and broken.verdict is wrong
    assert Report("f", 0, 1e-6, [finding(kink)]).ok
    for verdicts, expected in (
        ([ok, kink], kink),
        ([edge, ok], edge),
        ([edge, wrong, kink], wrong),
        ([Verdict.INCONCLUSIVE, edge], edge),
    ):
        mixed = Report("f", 0, 1e-6, [finding(one) for one in verdicts])
        assert mixed.verdict is expected and mixed.ok is (expected is kink)
    found = [
        finding(ok, 1.25),
        finding(ok, 0.5),
        finding(ok, 1.125),
        finding(kink, 1.0, 2),
        finding(ok, 9.0, 2),
        finding(ok, 4.0, 4, tolerance=0.0),
        finding(ok, 3.999, 4, tolerance=1.0),
        finding(ok, 2.0, name="y"),
        finding(ok, 3.0, 5, tolerance=10.0),
        finding(ok, 2.0, 5),
    ]
    worst = [found[1], found[3], found[5], found[7], found[9]]
    assert Report("f", 0, 1e-6, found).worst == worst
    lines = Report("f", 7, 1e-6, found[:1] + found[3:4] + found[5:6], ["a <problem>"])
    lines.culprit = Culprit("rule", "he & she")
    assert str(lines).split("\n") == [
        "f: wrong (rtol 1e-06, seed 7)",
        "a <problem>",
        "derivative  input    analytic  numeric  tolerance  verdict",
        "first       x[0, 1]  1.25      1 ± 0.2  0.5        ok",
        "second      x[0, 1]  1         1 ± 0.2  0.5        kink",
        "order 4     x[0, 1]  4         1 ± 0.2  0          ok",
        "culprit: he & she",
    ]
    assert Report("f", 7, 1e-6, found[:1])._repr_html_() == (
        "<p><b>f: ok (rtol 1e-06, seed 7)</b></p><table><tr><th>derivative</th><th>input</th>"
        "<th>analytic</th><th>numeric</th><th>tolerance</th><th>verdict</th><th></th></tr>"
        "<tr><td>first</td><td>x[0, 1]</td><td>1.25</td><td>1 ± 0.2</td><td>0.5</td>"
        "<td>ok</td><td></td></tr></table>"
    )
    html = lines._repr_html_()
    assert "</p><p>a &lt;problem&gt;</p><p>culprit: he &amp; she</p><table>" in html


# --- the promises of a backward pass ----------------------------------------------------------


@contextmanager
def tampered(module: Any, name: str, tamper: Callable[..., Any]) -> Iterator[None]:
    """Within it `tamper` is asked for what the engine's function returns, given what it was."""
    real = getattr(module, name)

    def stand_in(*arguments: Any, **more: Any) -> Any:
        return tamper(real(*arguments, **more), *arguments, **more)

    with patch.object(module, name, stand_in):
        yield


def promises() -> None:
    """Every promise, broken by an engine that breaks that one alone."""
    nan = np.array([np.nan])
    assert passes.identical(nan, nan.copy()) and passes.identical(1.0, np.array(1.0))
    assert not passes.identical(np.ones(1), np.ones((1, 1)))
    assert not passes.identical(1.0, 1.0 + 1e-15)
    assert passes.form_of(np.ones(2)) == "float64 array of shape (2,)"
    assert passes.form_of(1.0) == "float"

    x, y = Tensor([1.0, 2.0], "x"), Tensor([3.0, 4.0], "y")
    product = Function(lambda x, y: x * y, (x, y))
    seed = np.array([0.5, -2.0])

    def broken(f: Any = product, cotangent: Any = seed) -> list[str]:
        with f.at({}) as call:
            return passes.broken_promises(f, call, cotangent)

    def tampering(tamper: Any, module: Any = subject, name: str = "grad", **more: Any) -> list[str]:
        with tampered(module, name, tamper):
            return broken(**more)

    assert broken() == []
    parts = [Function(autograd.sqrt, (Value(0.0),)), Function(lambda x: x * 2.0, (Value(1.0),))]
    assert [broken(part, 0.5) for part in parts] == [[], []]
    unused = Function(lambda x, y: x * 1.0, (Value(1.0), Tensor(np.ones(2))))
    assert broken(unused, 0.5) == []
    counts = iter(range(1, 1000))
    drawn = Function(lambda x: x * float(next(counts)), (Value(1.0),), None)
    assert said(broken, drawn, 0.5) == (
        "GradientError: <lambda> must be deterministic, but gives other numbers when called again; "
        "fix its seed, or switch dropout off (model.eval())"
    )
    first, second = "inputs[0]", "inputs[1]"
    left = [f"{n}: backward() leaves another gradient than grad() gives" for n in (first, second)]
    assert tampering(lambda gs, *_: [g.astype(np.float32) for g in gs]) == [
        f"{n}: the gradient of a float64 array of shape (2,) is a float32 array of shape (2,)"
        for n in (first, second)
    ]
    assert tampering(lambda gs, *_: [g[None] for g in gs])[:2] == [
        f"{first}: the gradient of a float64 array of shape (2,) is a "
        f"float64 array of shape (1, 2)",
        left[0],
    ]
    kind = tampering(lambda gs, *_: list(map(np.float64, gs)), f=parts[1], cotangent=0.5)
    assert kind == [f"{first}: the gradient of a float is a float64"]
    again = iter((0.0, 1e-12, 0.0, 0.0))
    assert tampering(
        lambda gs, *_: [g + next(one) for one in [again] for g in gs[:1]] + gs[1:]
    ) == [f"{first}: a second pass gives another gradient"]
    for factor, name in ((0.0, "0"), (-2.0, "-2")):
        off = iter([0.0, 0.0, 1e-280 * (factor == 0.0), 1e-12 * (factor == -2.0)])

        def unscaled(gs: Any, *_: Any, off: Any = off) -> Any:
            return [gs[0] + next(off), gs[1]]

        found = tampering(unscaled)
        assert found == [f"{first}: {name} cotangents must give {name} times the gradient"], found
    off = iter([0.0, 0.0, 1e-292, 1e-292])
    assert tampering(lambda gs, *_: [gs[0] + next(off), gs[1]], cotangent=1e-290 * seed) == []
    infinite = iter([np.inf, np.inf, 0.0, 0.0])
    assert tampering(lambda gs, *_: [gs[0] * next(infinite), gs[1]])[:1] == left[:1]

    def overwrite(gs: Any, output: Any, leaves: Any, seed: Any = None, **more: Any) -> Any:
        seed[1] = -2.5
        return gs

    given = seed.copy()
    assert "the backward pass changes its seed" in tampering(overwrite, cotangent=given)
    recorded = "{}: with create_graph the gradient is another"
    for off_by, expected in ((1.0005e-9, [recorded.format(first)]), (0.9995e-9, [])):

        def relatively(gs: Any, *_: Any, off_by: float = off_by, **more: Any) -> Any:
            return [gs[0] * (1.0 + off_by), gs[1]]

        assert tampering(relatively, passes) == expected, off_by
        assert tampering(relatively, passes, cotangent=1e-10 * seed) == expected, off_by
    unlike = row(lambda g, out, x: g * x * (3.0 if isinstance(g, Node) else 2.0))
    assert broken(Function(unlike, (x,))) == [recorded.format(first)]
    undefined = Function(lambda x: autograd.sqrt(x) * 0.0, (Value(0.0),))  # 0 · ∞
    assert broken(undefined, 0.5) == []
    assert tampering(lambda gs, *_, **more: gs[: 2 if more["create_graph"] else 0], passes) == []

    def writing(gs: Any, output: Any, leaves: Any, *_: Any) -> Any:
        leaves[1].raw.flags.writeable = True
        leaves[1].raw[0] = 9.0
        return gs

    assert f"{second}: the backward pass changes the input" in tampering(writing)

    def sharing(_: Any, output: Any, *__: Any) -> None:
        one, other = output.operands
        other._grad = one.grad
        one._grad = other._grad

    shared = tampering(sharing, passes, "backward", f=Function(lambda x, y: x + y, (x, y)))
    assert shared == [f"the gradient of {first} shares memory with the gradient of {second}"]

    def lending(_: Any, output: Any, seed: Any) -> None:
        one, other = output.operands
        other.raw.flags.writeable = True
        one._grad, other._grad = seed, other.raw

    lent = tampering(lending, passes, "backward", f=Function(lambda x, y: x + y, (x, y)))
    assert lent[-2:] == [
        f"the seed shares memory with the gradient of {first}",
        f"the gradient of {second} shares memory with the input {second}",
    ]
    adding = autograd.backward
    with patch.object(passes, "backward", lambda y, seed: adding(y, seed, accumulate=True)):
        doubled = broken()
    assert left[0] in doubled and left[1] in doubled
    assert any(one.startswith("backward() leaves another gradient at mul") for one in doubled)
    refusing = Function(
        row(lambda g, out, x: 1 / 0 if g is not None else 0, name="r"), (Value(1.0),)
    )
    assert said(broken, refusing, 0.5).startswith("BackwardError: the backward pass raises")

    def doubling(g: Any, out: Any, x: Any) -> Any:
        g *= 2.0
        return g * x

    changed = broken(Function(row(doubling), (x,)))
    assert "a rule changes the upstream gradient that it is given" in changed

    x.grad, z = np.ones(2), Tensor(np.ones(2))
    with product.at({}) as call:
        leaves = dict(zip("xyz", (*call.output.operands, z), strict=True))
        leaves["x"].grad, z.grad = np.full(2, 7.0), np.ones(2)
        grads, other = passes.left_by_backward(Call(leaves, call.output), seed, {})
        assert [g.tolist() for g in grads.values()] == [[1.5, -8.0], [0.5, -4.0], [0.0, 0.0]]
        assert other == [] and leaves["x"].grad.tolist() == [7.0, 7.0]
        assert leaves["y"].grad is None
        nodes = {leaves["x"]: np.array([1.5, -8.0]), leaves["y"]: np.zeros(2)}
        assert passes.left_by_backward(Call(leaves, call.output), seed, nodes)[1] == [leaves["y"]]

    def failing() -> None:
        with passes.keeping_grads([x]):
            x.grad = None
            raise KeyError

    assert said(failing) == "KeyError: " and x.grad.tolist() == [1.0, 1.0]


def symmetries() -> None:
    """Second derivatives that contradict each other, by more than rounding and by less."""
    along_u: dict[str, Any]
    along_w: dict[str, Any]
    u, w, v = np.array([1.0, -1.0]), np.array([2.0, -3.0]), np.array([0.5, 4.0])
    output = Tensor([2.0, 5.0])

    class Given(Call):
        """A gradient of whatever numbers."""

        def gradients(self, seed: Any, names: Any = None) -> dict[str, Any]:
            return along_u if seed is directions[0] else along_w

    class Drawn:
        def normal(self, size: Any) -> Any:
            assert size == (2, *call.output.shape)
            return directions

    def broken() -> list[str]:
        return list(passes.broken_symmetries(gradient, call, Drawn()))  # type: ignore[arg-type]

    gradient = Gradient(Function(lambda x, y: x * y, (Value(1.0), Value(2.0))), v)
    call, directions = Given({}, output), (u, w)
    # ⟨w, Hu⟩ = 6 − 3 and ⟨u, Hw⟩ = 5 − 2; ⟨v, Ju⟩ = 2 − 5 and ⟨Jᵀv, u⟩ = 2 − 5; rounding: 7e-12
    for one, other, problems in (
        (0.0, 0.0, []),
        (1.60065e-8, 0.0, []),
        (1.6010e-8, 0.0, ["the Hessian is not symmetric: 3 and 3.00000002"]),
        (-1.6010e-8, 0.0, ["the Hessian is not symmetric: 3 and 2.99999998"]),
        (0.0, 1.40065e-8, []),
        (0.0, 1.4010e-8, ["forward and reverse derivative differ: -2.99999999 and -3"]),
        (np.nan, np.inf, []),
    ):
        along_u = {"inputs[0]": 3.0, "inputs[1]": 1.0, gradient.cotangent: [4.0 + 2 * other, -1.25]}
        along_w = {"inputs[0]": 5.0 + one, "inputs[1]": 2.0, gradient.cotangent: None}
        along_u[gradient.cotangent] = np.array(along_u[gradient.cotangent])
        assert broken() == problems, (one, other, broken())
    directions = (0.0 * u, 0.0 * w)
    along_u = dict.fromkeys(along_u, np.zeros(()))
    along_w = along_u
    assert broken() == []
    matrix = Tensor([[1.0, 2.0], [3.0, 4.0]])
    real = Gradient(Function(lambda x: x * x * x, (matrix,)), matrix.data + 1.0)
    with real.at({}) as whole:
        rng = np.random.default_rng(0)
        assert list(passes.broken_symmetries(real, whole, rng)) == []
    x = Value(3.0)
    inside = passes.rounding((x * 100.0) * 0.5, 2.0, np.array([1.0, -2.0]), np.array([4.0]))
    assert math.isclose(inside, 1e-12 * 100.0 * 7.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert passes.rounding(autograd.sqrt(x * 0.0), 1.0, np.ones(1)) == math.inf
    assert passes.rounding(Tensor(np.zeros(0)) * 2.0, np.zeros(0), np.ones(3)) == 0.0


BATTERIES: dict[str, Callable[[], Any]] = {
    "structures": structures,
    "surroundings": surroundings,
    "subjects": subjects,
    "reports": reports,
    "promises": promises,
    "symmetries": symmetries,
}
