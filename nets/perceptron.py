"""Neurons before backpropagation: the McCulloch-Pitts unit and Rosenblatt's perceptron.

Both are NumPy alone: a threshold has no useful derivative, so there is nothing to backpropagate.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


def _finite_array(value: ArrayLike, what: str) -> NDArray[np.float64]:
    """A C-ordered float64 copy of `value`, or an error that names `what`."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{what} must be rectangular, got rows of different lengths; "
            "give every row the same width"
        ) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} must be real numbers, got dtype {array.dtype}; convert them first")
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)][0]
        raise ValueError(f"{what} must be finite, got {bad}; remove or replace such entries")
    return np.array(array, dtype=np.float64, order="C")


def _weight_vector(value: ArrayLike, what: str) -> NDArray[np.float64]:
    weights = _finite_array(value, what)
    if weights.ndim != 1 or weights.size == 0:
        raise ValueError(
            f"{what} must be a vector with one entry per input, got shape {weights.shape}; "
            "flatten it"
        )
    return weights


def _finite_number(value: float, what: str) -> float:
    number = _finite_array(value, what)
    if number.ndim != 0:
        raise ValueError(f"{what} must be one number, got shape {number.shape}; pass a scalar")
    return float(number)


def _inputs(value: ArrayLike, width: int, what: str) -> NDArray[np.float64]:
    array = _finite_array(value, what)
    if array.ndim not in (1, 2) or array.shape[-1] != width:
        raise ValueError(
            f"{what} must have shape ({width},) or (n, {width}), one column per weight, "
            f"got {array.shape}; give every example {width} numbers"
        )
    return array


class McCullochPitts:
    """The McCulloch-Pitts neuron: it fires iff its weighted input reaches the threshold.

    Formula: 1 if Σ wᵢ oᵢ ≥ T, else 0. Nothing is learned; the weights are chosen by hand.

    Args:
        weights: shape (m,), one weight per incoming connection.
        threshold: T.

    Raises:
        ValueError: for weights or inputs of a wrong shape, or not finite.
        TypeError: for anything but real numbers.

    Source: W. S. McCulloch and W. Pitts, "A logical calculus of the ideas immanent in nervous
    activity", Bulletin of Mathematical Biophysics 5 (1943).

    >>> both = McCullochPitts(weights=[1, 1], threshold=2)
    >>> both([[0, 0], [0, 1], [1, 0], [1, 1]])
    array([0, 0, 0, 1])
    """

    def __init__(self, weights: ArrayLike, threshold: float) -> None:
        self.weights = _weight_vector(weights, "McCullochPitts: weights")
        self.threshold = _finite_number(threshold, "McCullochPitts: threshold")

    def __call__(self, inputs: ArrayLike) -> NDArray[np.int64]:
        """The outputs, 0 or 1: shape (m,) → (), shape (n, m) → (n,)."""
        o = _inputs(inputs, len(self.weights), "McCullochPitts: inputs")
        return np.where((o * self.weights).sum(axis=-1) >= self.threshold, 1, 0)

    def __repr__(self) -> str:
        return f"McCullochPitts(weights={self.weights.tolist()}, threshold={self.threshold})"


@dataclass(frozen=True)
class Recurrence:
    """The proof that a perceptron never converges: one state, met after two different epochs.

    An epoch is a function of the state it starts from, so everything in between repeats for ever.

    Attributes:
        weights: w of the state, shape (m,), as a tuple.
        bias: b of the state.
        first_epoch: the epoch (from 1; 0 is the start) after which the state was first met.
        again_epoch: the epoch after which it was met again.
    """

    weights: tuple[float, ...]
    bias: float
    first_epoch: int
    again_epoch: int


@dataclass(frozen=True)
class PerceptronFit:
    """What happened in `Perceptron.fit`; its `str` says it in one sentence.

    Attributes:
        updates: how many examples were misclassified, and so changed the weights.
        epochs: how many passes over the data were made.
        first_clean_epoch: the first epoch (from 1) without an update, or None.
        recurrence: the state that came back, so that learning cycles for ever, or None.
    """

    updates: int
    epochs: int
    first_clean_epoch: int | None
    recurrence: Recurrence | None

    @property
    def converged(self) -> bool:
        """Whether an epoch passed without an update: every example is classified correctly."""
        return self.first_clean_epoch is not None

    def __str__(self) -> str:
        if self.converged:
            return (
                f"converged: epoch {self.first_clean_epoch} is clean, after {self.updates} updates"
            )
        if self.recurrence is not None:
            state = self.recurrence
            weights = ", ".join(f"{w:g}" for w in state.weights)
            return (
                f"never converges: w=({weights}), b={state.bias:g} after epoch "
                f"{state.first_epoch} recurs after epoch {state.again_epoch}, and so for ever"
            )
        return f"undecided: {self.epochs} epochs had updates and no state recurred; try more epochs"


class Perceptron:
    """Rosenblatt's perceptron: ŷ = σ(w·x + b), with σ(z) = +1 if z ≥ 0, else -1.

    Learning rule, example by example: w ← w + η(y - ŷ)x and b ← b + η(y - ŷ). A correct answer
    changes nothing; on linearly separable data the updates end (Novikoff, 1962), on other data
    they never do (Minsky and Papert, 1969).

    Args:
        in_features: m, the number of inputs.
        weights: the initial w, shape (m,); zeros by default.
        bias: the initial b.

    Raises:
        ValueError: for a wrong shape, a number that is not finite, or labels other than -1 and +1.
        TypeError: for anything but real numbers.

    Source: F. Rosenblatt, "The perceptron: a probabilistic model for information storage and
    organization in the brain", Psychological Review 65 (1958).

    >>> AND = Perceptron(in_features=2)
    >>> report = AND.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1])
    >>> AND
    Perceptron(in_features=2, weights=[4.0, 2.0], bias=-6.0)
    >>> print(report)
    converged: epoch 6 is clean, after 11 updates
    """

    def __init__(
        self, in_features: int, *, weights: ArrayLike | None = None, bias: float = 0.0
    ) -> None:
        if in_features < 1:
            raise ValueError(
                f"Perceptron: in_features must be at least 1, got {in_features}; "
                "give the number of inputs"
            )
        weights = np.zeros(in_features) if weights is None else weights
        self.weights = _weight_vector(weights, "Perceptron: weights")
        if len(self.weights) != in_features:
            raise ValueError(
                f"Perceptron: weights must have one entry per input, got {len(self.weights)} "
                f"for in_features={in_features}; make them agree"
            )
        self.bias = _finite_number(bias, "Perceptron: bias")

    def _output(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        # One order of summation for fit and predict: else a tie could fall either way.
        return np.where((x * self.weights).sum(axis=-1) + self.bias >= 0, 1, -1)

    def __call__(self, inputs: ArrayLike) -> NDArray[np.int64]:
        """The predictions ŷ, -1 or +1: shape (m,) → (), shape (n, m) → (n,)."""
        return self._output(_inputs(inputs, len(self.weights), "Perceptron: inputs"))

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, eta: float = 1.0, max_epochs: int = 1000
    ) -> PerceptronFit:
        """Learn from the present weights on, in row order, until an epoch is clean.

        It also stops when a state recurs at the end of an epoch, which proves that learning
        cycles for ever, and after `max_epochs`.

        Args:
            X: the examples, shape (n, m).
            y: their labels, -1 or +1, shape (n,).
            eta: the learning rate η > 0.
            max_epochs: the greatest number of passes over the data.

        Raises:
            ValueError, TypeError: as the class says.
            OverflowError: when the weights leave the range of float64.

        >>> XOR = Perceptron(in_features=2)
        >>> print(XOR.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]))
        never converges: w=(-2, 0), b=0 after epoch 2 recurs after epoch 3, and so for ever
        """
        examples = _inputs(X, len(self.weights), "Perceptron.fit: X")
        labels = _finite_array(y, "Perceptron.fit: y")
        if examples.ndim != 2 or len(examples) == 0 or labels.shape != (len(examples),):
            raise ValueError(
                "Perceptron.fit: X and y must be n ≥ 1 rows and n labels, "
                f"got shapes {examples.shape} and {labels.shape}; give one label per row"
            )
        wrong = labels[abs(labels) != 1]
        if wrong.size:
            raise ValueError(
                f"Perceptron.fit: labels must be -1 or +1, got {wrong[0]:g}; "
                "turn 0/1 labels into 2 * y - 1"
            )
        if not 0 < eta < math.inf:
            raise ValueError(
                f"Perceptron.fit: eta must be positive and finite, got {eta}; try eta=1.0"
            )
        if max_epochs < 1:
            raise ValueError(
                f"Perceptron.fit: max_epochs must be at least 1, got {max_epochs}; raise it"
            )
        try:
            with np.errstate(over="raise", invalid="raise"):
                return self._fit(examples, labels, eta, max_epochs)
        except FloatingPointError:
            raise OverflowError(
                "Perceptron.fit: weights must stay finite, got an overflow; scale X or eta down"
            ) from None

    def _fit(
        self, X: NDArray[np.float64], y: NDArray[np.float64], eta: float, max_epochs: int
    ) -> PerceptronFit:
        updates = 0
        seen = {(tuple(self.weights.tolist()), self.bias): 0}
        for epoch in range(1, max_epochs + 1):
            updates_before = updates
            for x, target in zip(X, y, strict=True):
                error = float(target - self._output(x))
                if error != 0:
                    self.weights = self.weights + eta * error * x
                    self.bias = self.bias + eta * error
                    updates += 1
            if updates == updates_before:
                return PerceptronFit(updates, epoch, epoch, None)
            state = (tuple(self.weights.tolist()), self.bias)
            if state in seen:
                return PerceptronFit(updates, epoch, None, Recurrence(*state, seen[state], epoch))
            seen[state] = epoch
        return PerceptronFit(updates, max_epochs, None, None)

    def __repr__(self) -> str:
        return (
            f"Perceptron(in_features={len(self.weights)}, weights={self.weights.tolist()}, "
            f"bias={self.bias})"
        )
