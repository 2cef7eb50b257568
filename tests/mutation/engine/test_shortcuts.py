"""The quick way of single numbers, against what the general way finds."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import StaleGraphError, Tensor, Value, grad, no_grad, toposort
from autograd.arithmetic import quick
from autograd.core.modes import without_shortcuts
from autograd.core.primitive import Primitive


def graph(tied: bool = True) -> tuple[Value, list[Value]]:
    """Shared nodes, constants on either side, parameters, many operands, and ties."""
    a, b, c = leaves = [Value(0.7), Value(-1.3), Value(2.5)]
    d = a * b + 2.0 * c - b / 3.0
    e = autograd.maximum(d, a, 1.0, d if tied else -9.0) * autograd.where(a, c, b) + d.clip(
        -9.0, 9.0
    )
    f = (e.tanh() ** 2.0 + (-c).exp()) * (1.0 - d) + autograd.stop_gradient(d) * a
    return f + d * d + f, leaves


def taken(root: Value, inputs: list[Value] | None, create_graph: bool = False) -> Any:
    found = root.swept(1.0, inputs, create_graph)
    assert found is not None, "the general way was gone"
    return found


def test_gradients_are_those_of_the_general_way() -> None:
    root, leaves = graph()
    found = taken(root, leaves)
    with without_shortcuts():
        assert [found[x] for x in leaves] == grad(root, leaves)
    assert all(type(x) is float for x in found.values())
    assert taken(root, leaves[1:2]) == {leaves[1]: found[leaves[1]]}
    wanted = grad(root, leaves, -2.5)
    assert root.swept(-2.5, leaves, False) == dict(zip(leaves, wanted, strict=True))


def test_every_node_is_given_its_gradient() -> None:
    root, _ = graph()
    nodes = toposort(root)
    for node in nodes:
        node.grad = 99.0
    assert taken(root, None) == {}
    mine = [node.grad for node in nodes]
    with without_shortcuts():
        for node in nodes:
            node.grad = 99.0
        root.backward()
        assert mine == [node.grad for node in nodes]


def test_what_does_not_lead_to_the_root_has_none() -> None:
    root, leaves = graph()
    other, hidden = Value(1.0), Value(3.0)
    whole = root + autograd.stop_gradient(hidden)
    assert set(taken(whole, [*leaves, other, hidden])) == set(leaves)
    hidden.grad = 7.0
    taken(whole, None)
    assert hidden.grad == 7.0
    assert taken(root, leaves) == taken(whole, leaves), "of an earlier walk nothing is left"


def test_recorded_gradients_are_those_of_the_general_way() -> None:
    root, leaves = graph(tied=False)  # of which there are no second derivatives
    found = taken(root, leaves, create_graph=True)
    seeded = root.swept(Value(2.0), leaves, True)
    assert seeded is not None
    assert [seeded[x].data for x in leaves] == [
        pytest.approx(2 * found[x].data, rel=1e-14) for x in leaves
    ]
    assert all(x.flow is None for x in toposort(root))
    with without_shortcuts():
        wanted = grad(root, leaves, create_graph=True)
        assert [found[x].data for x in leaves] == [g.data for g in wanted]
        for x, g in zip(leaves, wanted, strict=True):
            assert [n.op for n in toposort(found[x])] == [n.op for n in toposort(g)]
            assert grad(found[x], leaves) == grad(g, leaves)


def test_operands_of_many_are_followed() -> None:
    p, q, r = leaves = [Value(2.0), Value(3.0), Value(4.0)]
    root = autograd.maximum(p * q, q, 1.0) * 2.0 + autograd.where(r, r * p, q)
    assert taken(root, leaves) == {p: 10.0, q: 4.0, r: 2.0}


def test_infinite_slopes_stay_silent_and_unreached_ones_alone() -> None:
    zero, x = Value(0.0), Value(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="ignore"):
            log = autograd.log(zero)
        assert taken(log, [zero], create_graph=True)[zero].data == math.inf
        assert taken(x * x + autograd.stop_gradient(log), [x, zero]) == {x: 4.0}


def test_a_walk_that_is_under_way_is_not_waited_for() -> None:
    x = Value(2.0)
    root = x * x
    with quick._walking:
        assert root.swept(1.0, [x], False) is None
    assert taken(root, [x]) == {x: 4.0}


def test_what_is_not_its_own_is_left_to_the_general_way() -> None:
    x = Value(2.0)
    assert x.swept(1.0, None, False) is None
    assert (x * x).swept(Value(1.0), None, False) is None
    assert (x * x).swept(1, None, False) is None
    assert (x * Tensor([1.0])).sum().swept(1.0, None, False) is None
    assert autograd.sum(autograd.stack(x, x)).swept(1.0, None, False) is None

    class Mine(Value):
        __slots__ = ()

    mine = Mine(3.0)
    for root in (x * mine, mine * x, autograd.maximum(x, mine, x), autograd.where(mine, x, x)):
        assert root.swept(1.0, None, False) is None
    with autograd.observing(Heard()):
        assert (x * x).swept(1.0, None, False) is None
    with autograd.observing(autograd.Observer()):
        assert (x * x).swept(1.0, [x], False) == {x: 4.0}
    with no_grad():
        assert (x * x).swept(1.0, None, False) is None


class Heard(autograd.Observer):
    def stepped(self, step: Any) -> None:
        pass


def test_stale_leaves_and_nans_are_left_to_the_general_way() -> None:
    x, fresh = Value(2.0), Value(1.0)
    y = x * x
    later = Value(5.0)
    root = y * fresh + later
    assert taken(root, [x]) == {x: 4.0}
    x.data = 2.0
    assert root.swept(1.0, [x], False) is None
    assert (y + 1.0).swept(1.0, [x], False) is None, "though what came last is younger"
    try:
        root.backward()
    except StaleGraphError:
        pass
    else:
        raise AssertionError("a stale leaf went unnoticed")
    zero = Value(0.0)
    bad = (zero * math.inf) * 1.0
    assert bad.swept(1.0, [zero], False) == {zero: math.inf}
    for create_graph in (False, True):
        root = autograd.sqrt(zero * zero)
        assert root.swept(1.0, [zero], create_graph) is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(grad(autograd.sqrt(zero * zero), zero))


def test_rules_of_ones_own() -> None:
    x = Value(3.0)
    twice = Primitive(
        "twice", "2", lambda x: 2 * x, lambda x: 2 * x, (lambda g, out, x: 2 * g,), "2x."
    )
    assert taken(twice(x), [x]) == {x: 2.0}
    whole = Primitive("whole", "w", lambda x: x, lambda x: x, (lambda g, out, x: 1,), "x, wrongly.")
    for create_graph in (False, True):
        assert whole(x).swept(1.0, [x], create_graph) is None
    assert taken(x * x, [x]) == {x: 6.0}, "a walk that was given up leaves no lock"
