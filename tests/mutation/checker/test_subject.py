"""Subjects of a check: inputs, parameters, calls on other numbers, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd.errors import GradientError
from autograd.testing import check_grads
from autograd.testing.checker import calls, graphs, nesting, subject
from autograd.testing.checker.graphs import Function, Gradient
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import row
from tests.mutation.raising import said

FUNCTIONS = functions_in(subject, graphs, calls, nesting)


class Pair(NamedTuple):
    left: Any
    right: Any


class Module:
    """What counts as a module, with all kinds of state."""

    def __init__(self):
        self.weight = Tensor([[2.0, 3.0]], "weight")
        self.bias = Value(0.5, "bias")
        self.mean, self.fixed = np.zeros(2), np.ones(2)
        self.fixed.flags.writeable = False
        self.random = np.random.default_rng(0)

    def named_parameters(self):
        yield from (("weight", self.weight), ("bias", self.bias))

    def __call__(self, x):
        self.mean += 1.0
        self.calls = self.random.normal()
        return self.weight @ x + self.bias


class Tree(Module):
    """A module with another inside."""

    def __init__(self):
        super().__init__()
        self.child = Module()

    def named_modules(self):
        yield from (("", self), ("child", self.child))


def test_nested_inputs_and_results():
    grid = np.empty((1, 2), object)
    grid[0, 0], grid[0, 1] = 4, 5
    pair = Pair([3], {"k": grid})
    tree = [1, (2, pair), np.array([6.0])]
    leaves = list(nesting.flat(tree, "t"))
    paths = ["t[0]", "t[1][0]", "t[1][1][0][0]", "t[1][1][1]['k'][0][0]", "t[1][1][1]['k'][0][1]"]
    assert [path for path, _ in leaves] == [*paths, "t[2]"]
    assert [leaf for _, leaf in leaves[:-1]] == [1, 2, 3, 4, 5]
    assert leaves[-1][1] is tree[2]
    again = nesting.rebuilt(tree, iter("abcdef"))
    assert again[0] == "a" and again[1][0] == "b" and again[2] == "f" and len(again) == 3
    assert type(again) is list and type(again[1]) is tuple and type(again[1][1]) is Pair
    assert again[1][1].left == ["c"]
    assert again[1][1].right["k"].tolist() == [["d", "e"]] and grid.tolist() == [[4, 5]]
    assert list(nesting.flat(1.5)) == [("", 1.5)]


def test_parameters_of_modules():
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
        assert graphs.parameters_of(f, params) == expected, params
    refusal = "TypeError: params must be leaves of the graph, got"
    assert said(graphs.parameters_of, len, [1.0]) == f"{refusal} float as params[0]"
    assert said(graphs.parameters_of, len, [x * x]) == f"{refusal} Value as params[0]"
    assert said(graphs.parameters_of, len, [x]) == ""
    assert refusal in said(check_grads, lambda: Value(1.0), params=[Value(1.0) * 2.0])


def test_numbers_and_leaves():
    y = Tensor([2.0], "y")
    assert calls.joined([y]) is y
    both = calls.joined([Tensor([[1.0, 2.0]]), Value(3.0)])
    assert both.data.tolist() == [1.0, 2.0, 3.0]
    assert subject.like(1.0, np.float64(2.0)) == 2.0
    assert type(subject.like(1.0, np.float64(2.0))) is float
    assert type(subject.like(np.ones(1), 2)) is int
    assert type(calls.leaf_of(1.0, "a")) is Value and calls.leaf_of(1.0, "a").label == "a"
    array = calls.leaf_of(np.ones(1), "b")
    assert (type(array), array.label, array.data) == (Tensor, "b", [1.0])
    nan = np.array([np.nan])
    assert subject.same(1, 2) and subject.same(nan, nan.copy())
    assert not subject.same(nan, np.ones(1))
    assert subject.kind(np.arange(2)) == "an array of int64" and subject.kind(3) == "int"
    assert subject.widened(1.0) == 1.0
    assert subject.widened(np.ones(1, np.float32)).dtype == np.float64
    wide = np.ones(1)
    assert subject.widened(wide) is wide


# --- what holds while a function is checked, and no longer -------------------------------------


def test_silence():
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


def test_float64():
    cast = autograd.astype
    with graphs.in_float64():
        assert cast(Tensor([1.0]), dtype="float32").dtype == np.float64
    assert cast(Tensor([1.0]), dtype="float32").dtype == np.float32


def test_the_state_of_modules():
    tree, other = Tree(), Module()
    held, states = [dict(vars(m)) for m in (tree, tree.child)], tree.random.bit_generator.state
    with graphs.restoring(tree, None, abs, other):
        for module in (tree, tree.child, other):
            module(np.ones(2))
        tree.mean = np.ones(3)
    for module, was in zip((tree, tree.child), held, strict=True):
        assert vars(module).keys() == was.keys()
        assert all(vars(module)[name] is was[name] for name in was)
        assert module.mean.tolist() == [0.0, 0.0]
        assert module.random.bit_generator.state == states
    assert other.mean.tolist() == [0.0, 0.0] and "calls" not in vars(other)

    def failing():
        with graphs.restoring(other):
            other(np.ones(2))
            raise KeyError("inside")

    assert said(failing) == "KeyError: 'inside'"
    assert other.mean.tolist() == [0.0, 0.0]


def test_errors_of_the_backward_pass():
    def raising(error):
        with subject.backward_pass():
            raise error

    assert said(raising, KeyError("k")) == "BackwardError: the backward pass raises KeyError: 'k'"
    assert said(raising, GradientError("as it is")) == "GradientError: as it is"
    assert GradientError("message").report is None
    assert GradientError("message", 3).report == 3


# --- calling a function on other numbers -------------------------------------------------------


def test_what_is_no_subject():
    refused = said(check_grads, Value(1.0), Value(2.0))
    assert refused.startswith("TypeError: ") and "needs a function first, got Value" in refused
    refused = said(check_grads, lambda: Value(1.0))
    assert refused.startswith("TypeError: ")
    assert "there is nothing to differentiate, got no inputs; numbers" in refused
    refused = said(check_grads, lambda *_: Value(1.0), 3, np.arange(2))
    assert refused.startswith("TypeError: ") and ", got int, an array of int64; " in refused


def test_a_function_on_other_numbers():
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


def test_what_a_function_must_not_do():
    module = Module()

    def fails(x):
        module.weight.raw = x.raw
        raise KeyError

    assert said(check_grads, fails, Value(1.0), params=module) == "KeyError: "
    assert module.weight.raw.tolist() == [[2.0, 3.0]]

    def rebinds(node):
        node.data = 2.0 * node.data
        return node * 1.0

    def writes(x, array):
        array += 1.0
        return x * array

    raw = np.ones(1)
    changes = "must leave its inputs alone, but it changes"
    assert f"rebinds {changes} inputs[0]; let" in said(check_grads, rebinds, Value(1.0))
    assert f"{changes} inputs[1]; let" in said(check_grads, writes, Value(1.0), raw)
    assert raw.tolist() == [1.0]
    refused = said(check_grads, lambda: rebinds(module.weight), params=module)
    assert f"{changes} weight; let" in refused
    assert module.weight.raw.tolist() == [[2.0, 3.0]]


def test_results():
    marker = object()
    with Function(lambda x, kept: [x, x * (kept is marker)], (Value(2.0), marker)).at({}) as call:
        assert call.output.data.tolist() == [2.0, 2.0]
    must = "<lambda> must return a Value or a Tensor"
    for result, got in (
        (
            lambda x: x.data,
            "of them), got an array of float64 as the result; did",
        ),
        (lambda x: x.data.item(), "of them), got float as the result; did"),
        (lambda x: None, "of them), got NoneType as the result; did"),
        (lambda x: [x, 1.0], "of them), got float as the result[1]; did"),
        (lambda x: [], "got nothing"),
    ):
        refused = said(check_grads, result, Tensor([1.0]))
        assert refused.startswith("GradientError: ") and must in refused and got in refused


def product():
    return Function(lambda x, y: x * y, (Value(2.0), Tensor([3.0, 4.0])))


def test_gradients():
    with product().at({}) as call:
        seed = np.array([1.0, 10.0])
        found = call.gradients(seed)
        assert list(found) == ["inputs[0]", "inputs[1]"] and found["inputs[0]"] == 43.0
        assert call.gradients(seed, ["inputs[1]"])["inputs[1]"].tolist() == [2.0, 20.0]
        assert list(call.gradients(seed, ["inputs[1]"])) == ["inputs[1]"]
    with Function(lambda x: x * x, (Value(3.0),)).at({}) as call:
        assert call.gradients(np.array(2.0)) == {"inputs[0]": 12.0}
    with Function(autograd.sqrt, (Value(0.0),)).at({}) as call, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert call.gradients(0.0)["inputs[0]"] == 0.0  # 0 · ∞, which is settled


def test_the_gradient_as_a_subject():
    first = Gradient(product(), np.array([1.0, 10.0]))
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


def test_the_gradient_at_a_kink_is_linear_in_its_cotangent():
    relu = Function(lambda x: x.relu(), (Tensor([0.0, 1.0]),))
    with relu.at({}) as call:
        assert call.certain(np.array([5.0, 7.0]))["inputs[0]"].tolist() == [0.0, 7.0]
    with Gradient(relu, np.array([2.0, 3.0])).at({}) as call, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = call.certain(np.array([5.0, 7.0]))
        plain = call.gradients(np.array([5.0, 7.0]))
    assert found["cotangent"].tolist() == [0.0, 7.0]
    assert np.isnan(plain["cotangent"]).tolist() == [True, False]
    np.testing.assert_array_equal(found["inputs[0]"], [np.nan, 0.0])
    assert list(found) == list(plain) == ["inputs[0]", "cotangent"]


def test_rules_that_raise():
    def refusing(g, out, x):
        raise LookupError("no")

    refused = "BackwardError: the backward pass raises LookupError: no"
    broken = Function(row(refusing), (Value(1.0),))
    with broken.at({}) as call:
        assert said(call.gradients, 1.0) == refused

    assert said(Gradient(broken, 1.0).at({}).__enter__) == refused
