"""Recurrent layers: one cell for all steps of a sequence, with a state that it hands on.

Backpropagation through time is nothing but the chain rule on the unrolled graph.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

import autograd
from autograd import Node, Tensor
from nets.layers.carriers import Given, Numbers, steady
from nets.layers.initialisers import default_uniform
from nets.layers.linear import linear
from nets.layers.module import Module

State = tuple[Any, ...]  # (h,), or (h, c) of an LSTM


def _gates(x: Any, count: int) -> list[Any]:
    """The last axis in `count` equal parts."""
    size = np.shape(x)[-1] // count
    return [autograd.take(x, index=(..., slice(i * size, (i + 1) * size))) for i in range(count)]


@steady
def rnn_cell(x: Any, state: State, weight: Numbers, bias: Given) -> State:
    """h ← tanh(x + W h + b), where x is the input's part, (..., hidden).

    >>> (h,) = rnn_cell([0.5], ([0.0],), [[1.0]], None)
    >>> h.round(6)
    array([0.462117])
    """
    (h,) = state
    return (autograd.tanh(autograd.add(x, linear(h, weight, bias))),)


@steady
def lstm_cell(x: Any, state: State, weight: Numbers, bias: Given) -> State:
    """c ← f · c + i · g and h ← o · tanh(c), with gates i, f, o = σ(...) and g = tanh(...).

    Args:
        x: the input's part of all four, (..., 4 · hidden), in the order i, f, g, o.
        state: h and c, (..., hidden) each.

    Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997;
    with the forget gate of F. Gers et al., 2000.

    >>> h, c = lstm_cell([0.0, 0.0, 9.0, 0.0], ([0.0], [2.0]), np.zeros((4, 1)), None)
    >>> c.round(6)
    array([1.5])
    """
    h, c = state
    i, f, g, o = _gates(autograd.add(x, linear(h, weight, bias)), 4)
    kept = autograd.mul(autograd.sigmoid(f), c)
    c = autograd.add(kept, autograd.mul(autograd.sigmoid(i), autograd.tanh(g)))
    return autograd.mul(autograd.sigmoid(o), autograd.tanh(c)), c


@steady
def gru_cell(x: Any, state: State, weight: Numbers, bias: Given) -> State:
    """h ← (1 − z) · n + z · h, with r, z = σ(...) and n = tanh(xₙ + r · (W h + b)ₙ).

    Args:
        x: the input's part of all three, (..., 3 · hidden), in the order r, z, n.

    Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014;
    r is applied as cuDNN and PyTorch do.

    >>> (h,) = gru_cell([0.0, 0.0, 9.0], ([0.0],), np.zeros((3, 1)), None)
    >>> h.round(6)
    array([0.5])
    """
    (h,) = state
    of_x, of_h = _gates(x, 3), _gates(linear(h, weight, bias), 3)
    r, z = (autograd.sigmoid(autograd.add(a, b)) for a, b in zip(of_x[:2], of_h[:2], strict=True))
    n = autograd.tanh(autograd.add(of_x[2], autograd.mul(r, of_h[2])))
    return (autograd.add(autograd.mul(autograd.sub(1.0, z), n), autograd.mul(z, h)),)


class Recurrent(Module):
    """What all three have in common: `cell` makes the next state of `count` gates."""

    cell: ClassVar[Callable[..., State]]
    count: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
    ) -> None:
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(
                f"{type(self).__name__}: sizes and layers must be at least 1, got "
                f"{input_size}, {hidden_size} and {num_layers}"
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        rows = self.count * hidden_size
        for k in range(num_layers):
            columns = hidden_size if k else input_size
            shapes: dict[str, tuple[int, ...]]
            shapes = {"weight_ih": (rows, columns), "weight_hh": (rows, hidden_size)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            for name, shape in shapes.items():
                setattr(self, f"{name}_l{k}", Tensor(default_uniform(shape, rng, hidden_size)))

    def forward(self, x: Numbers, state: Any = None) -> Any:
        """All outputs of the last layer, (..., time, hidden), and the state after the last step.

        Args:
            x: (..., time, input_size), the batch first.
            state: h of every layer, (num_layers, ..., hidden), zeros where left out; of an LSTM
                the pair of h and c. What is returned has the same form.
        """
        *batch, time, size = np.shape(x)
        if size != self.input_size or time < 1:
            raise ValueError(
                f"{type(self).__name__}: x must have shape (..., time, {self.input_size}), "
                f"got {np.shape(x)}"
            )
        last: list[State] = []
        for k in range(self.num_layers):
            before = self._begin(state, k, batch)
            x, after = self._layer(k, x, before, time)
            last.append(after)
        ends = tuple(autograd.stack(*parts, axis=0) for parts in zip(*last, strict=True))
        return x, ends if self.states > 1 else ends[0]

    def _begin(self, state: Any, k: int, batch: list[int]) -> State:
        if state is None:
            weight = self._weights(k)[2]
            dtype = weight.dtype if isinstance(weight, Tensor) else np.float64
            zeros = np.zeros((*batch, self.hidden_size), dtype)
            return (zeros,) * self.states
        parts = state if self.states > 1 else (state,)
        return tuple(autograd.take(part, index=k) for part in parts)

    def _weights(self, k: int) -> list[Any]:
        names = "weight_ih", "bias_ih", "weight_hh", "bias_hh"
        return [getattr(self, f"{name}_l{k}", None) for name in names]

    def _layer(self, k: int, x: Any, state: State, time: int) -> tuple[Any, State]:
        weight, bias, *of_state = self._weights(k)
        of_x = linear(x, weight, bias)  # of all steps at once
        outputs = []
        for t in range(time):
            part = autograd.take(of_x, index=(..., t, slice(None)))
            state = type(self).cell(part, state, *of_state)
            if isinstance(state[0], Node):
                state[0].label = f"h{t + 1}" if self.num_layers == 1 else f"h{t + 1} of l{k}"
            outputs.append(state[0])
        return autograd.stack(*outputs, axis=-2), state


class RNN(Recurrent, steady=True):
    """J. Elman's recurrent network (1990): h ← tanh(W x + b + W′ h + b′), step by step.

    Parameters of layer k, under PyTorch's names: `weight_ih_l{k}` (hidden, in), `weight_hh_l{k}`
    (hidden, hidden), `bias_ih_l{k}` and `bias_hh_l{k}` (hidden,). All begin as
    U(−1/√hidden, 1/√hidden). The batch comes first, as with PyTorch's `batch_first=True`.

    >>> outputs, h = RNN(3, 4, rng=np.random.default_rng(0))(np.zeros((2, 5, 3)))
    >>> outputs.shape, h.shape
    ((2, 5, 4), (1, 2, 4))
    """

    cell, count = staticmethod(rnn_cell), 1


class LSTM(Recurrent, steady=True):
    """Long short-term memory: see `lstm_cell`; parameters as of `RNN`, with 4 · hidden rows.

    >>> outputs, (h, c) = LSTM(3, 4, 2, rng=np.random.default_rng(0))(np.zeros((2, 5, 3)))
    >>> outputs.shape, h.shape, c.shape
    ((2, 5, 4), (2, 2, 4), (2, 2, 4))
    """

    cell, count, states = staticmethod(lstm_cell), 4, 2


class GRU(Recurrent, steady=True):
    """Gated recurrent units: see `gru_cell`; parameters as of `RNN`, with 3 · hidden rows.

    >>> outputs, h = GRU(3, 4, rng=np.random.default_rng(0))(np.zeros((5, 3)))
    >>> outputs.shape, h.shape
    ((5, 4), (1, 4))
    """

    cell, count = staticmethod(gru_cell), 3
