"""`detect_anomaly` and `why_nonfinite`: the classic traps, each located, on both faces."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nets
from autograd import Tensor, Value
from autograd.errors import NonFiniteError
from autograd.viz.tell.anomaly import detect_anomaly, why_nonfinite
from autograd.viz.tell.source_lines import end_in_own_code, record_lines


def value(x: float, label: str = "x") -> Value:
    return Value(x, label=label)


def tensor(x: float, label: str = "x") -> Tensor:
    """The number that fails stands second; the first is sound everywhere."""
    return Tensor([1.0, x], label=label)


def caught(make: Callable[[], Any]) -> NonFiniteError:
    """What building and differentiating raises; the same is found afterwards."""

    def run() -> None:
        with record_lines(), detect_anomaly():
            root = make()
            root.backward(np.ones(root.shape))

    with pytest.raises(NonFiniteError) as raised:
        run()
    error = raised.value
    with np.errstate(all="ignore"):
        found = why_nonfinite(make())
    assert found is not None
    assert (found.node.op, found.place, found.operand) == (
        error.node.op,
        error.place,
        error.operand,
    )
    assert "test_anomaly.py:" in str(error)
    return error


# what makes it, the operation, its operands' numbers, the operand whose gradient it is
TRAPS = {
    "log of 0": (lambda v: v(0.0).log(), "log", (0.0,), None),
    "0 / 0": (lambda v: v(0.0) / v(0.0, "y"), "div", (0.0, 0.0), None),
    "overflow of exp": (lambda v: v(1000.0).exp(), "exp", (1000.0,), None),
    "0 · ∞ from a mask": (lambda v: v(0.0) * math.inf, "mul", (0.0, math.inf), None),
    "norm at 0": (lambda v: (v(0.0) ** 2).sqrt(), "sqrt", (0.0,), 0),
    "∞ − ∞": (lambda v: v(math.inf) - v(math.inf), "sub", (math.inf, math.inf), None),
    "power of a negative base": (lambda v: v(-2.0) ** 0.5, "pow", (-2.0, 0.5), None),
}


@pytest.mark.parametrize("face", [value, tensor])
@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_located(trap: str, face: Callable[..., Any]) -> None:
    make, name, operands, operand = TRAPS[trap]
    error = caught(lambda: make(face))
    assert error.node.op is not None
    assert error.node.op.name == name
    assert error.operands == operands
    assert error.operand == operand
    assert error.place == ((1,) if face is tensor else ())
    assert ("at element [1]" in str(error)) == (face is tensor)


def test_sqrt_at_0_names_upstream_and_local_derivative() -> None:
    error = caught(lambda: (value(0.0) ** 2).sqrt())
    assert error.upstream == 1
    assert error.local == math.inf
    assert "sends inf = 1 / (2 × 0) to the gradient of its operand 0" in str(error)


def test_a_branch_that_is_not_taken_is_no_trap() -> None:
    x = value(0.0)
    with detect_anomaly():
        ag.where(0.0, x.sqrt(), 1.0).backward()
    assert x.grad == 0.0


def test_norm_at_0() -> None:
    error = caught(lambda: (Tensor([0.0, 0.0]) ** 2).sum().sqrt())
    assert (error.node.op.name, error.operand, error.local) == ("sqrt", 0, math.inf)
    with detect_anomaly():
        Tensor([0.0, 0.0]).norm().backward()  # the composite is safe
        ag.norm(np.array([0.0, 0.0]))


def test_variance_of_one_sample() -> None:
    error = caught(lambda: Tensor([3.0]).var(ddof=1))
    assert (error.node.op.name, error.operands) == ("div", (0.0, 0.0))
    assert "two samples" in str(error)
    x = value(3.0)
    assert caught(lambda: (x - x / 1) ** 2 / 0.0).operands == (0.0, 0.0)


def scalar_softmax(scores: list[float]) -> Value:
    e = [Value(x).exp() for x in scores]
    return (e[-1] / (e[0] + e[-1])).log()


def test_lost_precision_in_softmax_is_traced_to_the_underflow() -> None:
    def tensor_softmax() -> Any:
        e = Tensor([0.0, -800.0]).exp()
        return (e / e.sum()).log()

    for make in (tensor_softmax, lambda: scalar_softmax([0.0, -800.0])):
        error = caught(make)
        assert error.node.op.name == "log"
        assert "where 0 = exp(−800)" in str(error)
        assert "log_softmax" in str(error)
    with detect_anomaly():
        ag.log_softmax(Tensor([0.0, -800.0])).sum().backward()


def test_what_was_put_in_is_no_anomaly() -> None:
    with detect_anomaly():
        scores = ag.where(np.array([1.0, 0.0]), Tensor([1.0, 2.0]), -np.inf)
        weights = ag.softmax(scores + np.array([0.0, -np.inf]))
        weights[0].backward()
        ag.logsumexp(Tensor([-np.inf, -np.inf])).backward()
    np.testing.assert_array_equal(weights.data, [1, 0])


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax", "norm", "var", "prod"])
@pytest.mark.parametrize("numbers", [[0.0, 0.0, 0.0], [-1e4, 0.0, 1e4], [1.0, 2.0, 3.0]])
def test_stable_composites_raise_no_alarm(name: str, numbers: list[float]) -> None:
    with detect_anomaly():
        getattr(ag, name)(Tensor(numbers)).sum().backward()


def test_a_causal_transformer_raises_no_alarm() -> None:
    rng = np.random.default_rng(0)
    with detect_anomaly():
        block = nets.TransformerBlock(4, 2, causal=True, rng=rng)
        nets.cross_entropy(block(rng.normal(size=(5, 4))), np.array([0, 1, 2, 3, 0])).backward()


def test_a_label_is_told() -> None:
    with np.errstate(all="ignore"):
        loss = Value(0.0, label="p") / 0.0
    loss.label = "loss"
    assert "div ('loss') made nan = 0 / 0 in the forward pass, where 0 is 'p'" in str(
        why_nonfinite(loss)
    )


def test_a_nan_that_was_put_in_is_traced_to_its_leaf() -> None:
    error = caught(lambda: Tensor([1.0, np.nan], label="data") * 2)
    assert error.place == (1,)
    assert "nan is 'data'" in str(error)
    assert "mask" not in str(error)  # no remedy: the operation is not to blame


def test_operations_that_mix_elements() -> None:
    big = Tensor([[1e200, 1.0]])
    error = caught(lambda: big @ big.T)
    assert (error.node.op.name, error.place) == ("matmul", (0, 0))
    np.testing.assert_array_equal(error.operands[0], big.data)
    assert caught(lambda: Tensor([1e308, 1e308]).sum()).node.op.name == "sum"


def test_a_backward_pass_that_mixes_elements() -> None:
    left, right = Tensor([[1e-200]], label="x"), Tensor([[1e200]])
    error = caught(lambda: (left @ right).sum() * 1e200)
    assert (error.node.op.name, error.operand, error.place) == ("matmul", 0, (0, 0))
    assert error.local is None


def test_broadcast_operands() -> None:
    error = caught(lambda: Tensor([[1.0], [2.0]]) / Tensor([0.0, 1.0], label="d"))
    assert error.place == (0, 0)
    assert error.operands == (1.0, 0.0)
    assert "where 0 is 'd'" in str(error)
    error = caught(lambda: Tensor([[1.0], [1.0]]) * Tensor([0.0, 1.0], label="d").sqrt())
    assert (error.node.op.name, error.place, error.local) == ("sqrt", (0,), math.inf)


def test_contributions_that_add_up_to_infinity() -> None:
    x = Value(1e-10, label="x")
    error = why_nonfinite(x * 1e308 + x * 1e308)
    assert error is not None
    assert error.operand == -1
    assert str(error) == "the contributions to the gradient of x add up to inf"


def test_no_gradient_has_changed_when_backward_raises() -> None:
    x = Value(0.0)
    y = (x**2).sqrt()
    y.grad = x.grad = 7.0
    with pytest.raises(NonFiniteError), detect_anomaly():
        y.backward()
    assert (x.grad, y.grad) == (7.0, 7.0)


def test_gradients_that_are_recorded_are_watched_as_well() -> None:
    x = Value(0.0)
    y = ag.where(0.0, x.sqrt(), 1.0)
    with pytest.raises(NonFiniteError), detect_anomaly():
        y.backward(create_graph=True)


def test_outside_nothing_is_checked() -> None:
    with detect_anomaly():
        pass
    with np.errstate(all="ignore"):
        assert Value(0.0).log().data == -math.inf


def test_all_is_finite() -> None:
    assert why_nonfinite(Tensor([[1.0, 2.0]]).tanh()) is None
    assert why_nonfinite(Value(1.0)) is None


OPERATIONS = ["log", "sqrt", "exp", "div", "mul", "sub", "pow"]


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=4), st.data())
def test_the_first_cause_is_an_operation_on_sound_numbers(numbers: list[float], data: Any) -> None:
    nodes: list[Any] = [Value(x) for x in numbers]
    with np.errstate(all="ignore"):
        for _ in range(data.draw(st.integers(1, 8))):
            op = ag.TABLE[data.draw(st.sampled_from(OPERATIONS))]
            nodes.append(op(*[data.draw(st.sampled_from(nodes)) for _ in op.vjps]))
        error = why_nonfinite(nodes[-1])
        gradients = [step.gradient for step in ag.steps(nodes[-1])]
    computed = [node.data for node in ag.toposort(nodes[-1])]
    assert (error is None) == all(map(math.isfinite, computed + gradients))
    if error is not None:
        assert all(map(math.isfinite, error.operands))
        assert math.isfinite(error.node.data) == (error.operand is not None)


def test_an_error_reads_as_one_and_ends_in_the_users_line() -> None:
    with np.errstate(all="ignore"):
        error = why_nonfinite(Value(0.0).log())
    assert repr(error).startswith("<NonFiniteError: log made −inf = ln(0)")
    with pytest.raises(NonFiniteError) as caught, detect_anomaly():
        Value(0.0).log()
    frame = caught.tb
    while frame.tb_next is not None:
        frame = frame.tb_next
    assert frame.tb_frame.f_code.co_filename == __file__
    bare = ValueError("never raised")
    end_in_own_code(bare)
    assert bare.__traceback__ is None
