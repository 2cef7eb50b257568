"""Wrong gradients as they were reported in public, ported: each is caught, where it is wrong.

Every pair is a function, the gradient as it should be, and as it was. Where one report stands for
it, it is named beside; the others are what courses and forums warn of.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from autograd.testing import Verdict, examine_vjp


class Report(NamedTuple):
    f: Callable[..., Any]
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    arrays: tuple[Any, ...]
    entry: str = "inputs[0]"  # which input is to blame; none where no gradient is one at all
    low: float = 0.5  # the least number with which it is wrong somewhere


RNG = np.random.default_rng(11)
X, Y, W = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))
V = RNG.normal(size=5)
LABELS = np.array([0, 2, 1, 1])


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def loss(x: Any) -> Any:
    return -np.log(softmax(x)[np.arange(len(x)), LABELS[: len(x)]]).mean()


def excess(x: Any) -> Any:
    return softmax(x) - np.eye(x.shape[1])[LABELS[: len(x)]]


def normalised(x: Any) -> Any:
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def of_normalised(g: Any, x: Any) -> Any:
    y = normalised(x)
    return (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def gathered(x: Any, places: Any) -> Any:
    return x[places] * 2


def scattered(g: Any, x: Any, places: Any) -> Any:
    found = np.zeros_like(x)
    np.add.at(found, places, 2 * g)
    return found


def overwritten(g: Any, x: Any, places: Any) -> Any:
    found = np.zeros_like(x)
    found[places] = 2 * g
    return found


def gelu(x: Any) -> Any:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def of_gelu(g: Any, x: Any, cubic: float = 3 * 0.044715) -> Any:
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return g * ((1 + t) / 2 + x * (1 - t * t) * c * (1 + cubic * x * x) / 2)


def pooled(x: Any) -> Any:
    return x.reshape(-1, 2).mean(axis=1)


def affine(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def cosine(x: Any, y: Any) -> Any:
    return (x @ y) / np.linalg.norm(x) / np.linalg.norm(y)


def of_cosine(g: Any, x: Any, y: Any) -> Any:
    n, m = np.linalg.norm(x), np.linalg.norm(y)
    return g * (y / n / m - cosine(x, y) * x / n**2)


def convolved(x: Any) -> Any:
    return np.convolve(x, V[:3], "valid")


def inverse_root(x: Any) -> Any:
    return 1 / np.sqrt(1 + np.minimum(x, 0) ** 2)


def without(x: Any, place: int) -> Any:
    """x with a 1 in that place."""
    return np.where(np.arange(len(x)) == place, 1, x)


def of_cumprod(g: Any, x: Any) -> Any:
    return np.stack([(g * np.cumprod(without(x, i)))[i:].sum() for i in range(len(x))])


def divided(g: Any, x: Any) -> Any:
    """The same by dividing, with 0 for 0/0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x)


def product_divided(g: Any, x: Any) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):
        return g * np.prod(x) / x


REPORTS: dict[str, Report] = {
    # the mean over the batch is forgotten
    "softmax loss without 1/n": Report(
        loss, lambda g, x: g * excess(x) / len(x), lambda g, x: g * excess(x), (X,)
    ),
    # the diagonal of softmax's Jacobian alone
    "the diagonal of softmax": Report(
        softmax,
        lambda g, x: softmax(x) * (g - (g * softmax(x)).sum(axis=-1, keepdims=True)),
        lambda g, x: g * softmax(x) * (1 - softmax(x)),
        (X,),
    ),
    # the mean and the variance held constant
    "batch norm with constant statistics": Report(
        normalised, of_normalised, lambda g, x: g / np.sqrt(x.var(axis=0) + 1e-5), (X,)
    ),
    # the path through the mean is forgotten
    "batch norm without the mean": Report(
        normalised,
        of_normalised,
        lambda g, x: (
            (g - normalised(x) * (g * normalised(x)).mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
        ),
        (X,),
    ),
    # callummcdougall/ARENA_2.0#18: gradients for one element overwrite each other
    "an index used twice": Report(gathered, scattered, overwritten, (V, np.array([0, 2, 2, 1]))),
    # the bias's gradient is averaged over what was broadcast
    "the mean over a broadcast bias": Report(
        affine,
        lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(axis=0)),
        lambda g, x, w, b: (g @ w.T, x.T @ g, g.mean(axis=0)),
        (X, W, V[:2]),
        "inputs[2]",
    ),
    # a transposed weight, square so that the shapes agree
    "a transposed square weight": Report(
        np.matmul,
        lambda g, x, w: (g @ w.T, x.T @ g),
        lambda g, x, w: (g @ w, x.T @ g),
        (X, W @ W.T),
    ),
    # leaky relu's slope on the wrong side
    "a leaky slope on the wrong side": Report(
        lambda x: np.where(x > 0, x, 0.1 * x),
        lambda g, x: g * np.where(x > 0, 1, 0.1),
        lambda g, x: g * np.where(x > 0, 0.1, 1),
        (X,),
    ),
    # sigmoid's derivative of the output, applied to the input
    "sigmoid(x)(1 - x)": Report(
        lambda x: 1 / (1 + np.exp(-x)),
        lambda g, x: g * np.exp(-x) / (1 + np.exp(-x)) ** 2,
        lambda g, x: g / (1 + np.exp(-x)) * (1 - x),
        (X,),
    ),
    # tanh's, of the input instead of the output
    "1 - x² for tanh": Report(
        np.tanh, lambda g, x: g / np.cosh(x) ** 2, lambda g, x: g * (1 - x**2), (X,)
    ),
    # a constant of gelu's approximation that was not multiplied by its power
    "gelu's cubic term": Report(gelu, of_gelu, lambda g, x: of_gelu(g, x, cubic=0.044715), (X,)),
    # the norm's gradient without the division
    "a norm that is not divided": Report(
        np.linalg.norm, lambda g, x: g * x / np.linalg.norm(x), lambda g, x: g * x, (X,)
    ),
    # one norm is held constant
    "cosine similarity without its norm": Report(
        cosine,
        lambda g, x, y: (of_cosine(g, x, y), of_cosine(g, y, x)),
        lambda g, x, y: (g * y / np.linalg.norm(x) / np.linalg.norm(y), of_cosine(g, y, x)),
        (V[:3], X[0]),
    ),
    # average pooling hands on the whole gradient
    "average pooling that is not averaged": Report(
        pooled,
        lambda g, x: np.repeat(g, 2).reshape(x.shape) / 2,
        lambda g, x: np.repeat(g, 2).reshape(x.shape),
        (X,),
    ),
    # a convolution whose kernel is not flipped on the way back
    "a kernel that is not flipped": Report(
        convolved,
        lambda g, x: np.convolve(g, V[:3][::-1]),
        lambda g, x: np.convolve(g, V[:3]),
        (X.ravel(),),
    ),
    # the cumulative sum's gradient runs forwards
    "a cumulative sum forwards": Report(
        np.cumsum, lambda g, x: np.cumsum(g[::-1])[::-1], lambda g, x: np.cumsum(g), (V,)
    ),
    # d(1/x) = 1/x²
    "a lost sign": Report(
        lambda x: 1 / x, lambda g, x: -g / x**2, lambda g, x: g / x**2, (1 + V**2,)
    ),
    # the second operand of a subtraction
    "a subtraction like an addition": Report(
        np.subtract, lambda g, x, y: (g, -g), lambda g, x, y: (g, g), (X, Y), "inputs[1]"
    ),
    # x^y: the exponent is not lowered
    "a power that is not lowered": Report(
        lambda x: x**3, lambda g, x: 3 * x**2 * g, lambda g, x: 3 * x**3 * g, (X,)
    ),
    # by n where the function divides by n - 1
    "a variance by n instead of n - 1": Report(
        lambda x: x.var(ddof=1),
        lambda g, x: g * 2 * (x - x.mean()) / (x.size - 1),
        lambda g, x: g * 2 * (x - x.mean()) / x.size,
        (X,),
    ),
    # the maximum's gradient goes to all that are positive
    "a maximum shared by all": Report(
        lambda x: x.max(axis=1),
        lambda g, x: g[:, None] * (x == x.max(axis=1, keepdims=True)),
        lambda g, x: np.repeat(g[:, None], x.shape[1], axis=1) / x.shape[1],
        (X,),
    ),
    # weight decay forgotten in the gradient of a regularised loss
    "a forgotten penalty": Report(
        lambda x, y: ((x - y) ** 2).mean() + 0.01 * (x**2).sum(),
        lambda g, x, y: (g * (2 * (x - y) / x.size + 0.02 * x), -g * 2 * (x - y) / x.size),
        lambda g, x, y: (g * 2 * (x - y) / x.size, -g * 2 * (x - y) / x.size),
        (X, Y),
    ),
    # jax-ml/jax#29485: an example in the documentation forgets the 2
    "x² with a gradient of x": Report(
        lambda x: x**2, lambda g, x: 2 * g * x, lambda g, x: g * x, (X,)
    ),
    # karpathy/nn-zero-to-hero#52: the proposal to multiply by the input instead of the output
    "exp by its input": Report(np.exp, lambda g, x: g * np.exp(x), lambda g, x: g * x, (X,)),
    # haydnv/tinychain#160: the exponent comes twice
    "a power with its exponent twice": Report(
        lambda x: (x**3).sum(axis=0),
        lambda g, x: 3 * x**2 * g,
        lambda g, x: 9 * x**2 * g,
        (X,),
    ),
    # torch/torch7#298: for a batch, exactly the negative
    "cosine similarity with the wrong sign": Report(
        cosine,
        lambda g, x, y: (of_cosine(g, x, y), of_cosine(g, y, x)),
        lambda g, x, y: (of_cosine(g, x, y), -of_cosine(g, y, x)),
        (V[:3], X[0]),
        "inputs[1]",
    ),
    # apache/mxnet#1053: a term of the mean's gradient is added once more
    "batch norm with a term twice": Report(
        normalised,
        of_normalised,
        lambda g, x: of_normalised(g, x) - g.mean(axis=0) / np.sqrt(x.var(axis=0) + 1e-5) / len(x),
        (X,),
    ),
    # apache/mxnet#18499: the shift gets no gradient
    "a shift without a gradient": Report(
        lambda x, shift: normalised(x) + shift,
        lambda g, x, shift: (of_normalised(g, x), g.sum(axis=0)),
        lambda g, x, shift: (of_normalised(g, x), None),
        (X, V[:3]),
        "inputs[1]",
    ),
    # jax-ml/jax#17496: a rule for the matrix alone, and zeros for the vector
    "a product without its vector": Report(
        np.matmul,
        lambda g, a, v: (np.outer(g, v), a.T @ g),
        lambda g, a, v: (np.outer(g, v), np.zeros_like(v)),
        (X, V[:3]),
        "inputs[1]",
    ),
    # tinygrad/tinygrad#12296: one divided by the count of the largest underflows to 0
    "a maximum whose share underflows": Report(
        np.max, lambda g, x: g * (x == x.max()), lambda g, x: 0 * x, (X,)
    ),
    # pytorch/pytorch#1058: the gradient from above is not used element by element
    "the first gradient from above for all": Report(
        lambda x: (x * x).sum(axis=1),
        lambda g, x: 2 * x * g[:, None],
        lambda g, x: 2 * x * g[0],
        (X,),
    ),
    # bighuang624/Andrew-Ng-Deep-Learning-notes#10: the course's planted bug, and a 2 left in
    "a weight's gradient times 2": Report(
        affine,
        lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(axis=0)),
        lambda g, x, w, b: (g @ w.T, x.T @ g * 2, g.sum(axis=0)),
        (X, W, V[:2]),
        "inputs[1]",
    ),
    # pytorch/pytorch#80839: what is overwritten by a constant keeps a gradient
    "a constant with a gradient": Report(
        lambda x: np.zeros_like(x), lambda g, x: 0 * g, lambda g, x: g, (V,)
    ),
    # jax-ml/jax#3213: an example in the documentation has the sign of another derivative
    "sin(x) y with a minus": Report(
        lambda x, y: np.sin(x) * y,
        lambda g, x, y: (g * np.cos(x) * y, g * np.sin(x)),
        lambda g, x, y: (g * np.cos(x) * y, -g * np.sin(x)),
        (X, Y),
        "inputs[1]",
    ),
    # jax-ml/jax#11469: wrong where the signs of a remainder's two operands differ
    "a remainder that is rounded down": Report(
        np.fmod,
        lambda g, x, y: (g, -g * np.trunc(x / y)),
        lambda g, x, y: (g, -g * np.floor(x / y)),
        (V[:3], np.array([0.3, -0.7, 0.4])),
        "inputs[1]",
    ),
    # SciSharp/TensorFlow.NET#787: the operands are handed back, whatever came from above
    "a squared difference that hands back its operands": Report(
        lambda x, y: (x - y) ** 2,
        lambda g, x, y: (2 * g * (x - y), -2 * g * (x - y)),
        lambda g, x, y: (x, -2 * g * (x - y)),
        (X, Y),
    ),
    # apache/mxnet#9497: what a second use sends is assigned, not added
    "a second use that overwrites the first": Report(
        lambda x: x**2 + np.sin(x),
        lambda g, x: g * (2 * x + np.cos(x)),
        lambda g, x: g * np.cos(x),
        (X,),
    ),
    # tensorflow/tensorflow#1847: seen by no test whose gradient from above is 1
    "nothing from above": Report(
        np.tan, lambda g, x: g / np.cos(x) ** 2, lambda g, x: 1 / np.cos(x) ** 2, (X / 3,)
    ),
    # pytorch/pytorch#4355: the same in an activation of one's own
    "an inverse square root unit without its gradient": Report(
        lambda x: x * inverse_root(x),
        lambda g, x: g * inverse_root(x) ** 3,
        lambda g, x: inverse_root(x) ** 3,
        (X,),
    ),
    # apache/mxnet#16938: the backward pass is registered as the forward pass
    "a quadratic that goes forward twice": Report(
        lambda x: 3 * x**2 - 2 * x + 1,
        lambda g, x: g * (6 * x - 2),
        lambda g, x: 3 * g**2 - 2 * g + 1,
        (X,),
    ),
    # tensorflow/tensorflow#119430: 0/0 is replaced by 0
    "a cumulative product with a zero": Report(
        np.cumprod, of_cumprod, divided, (np.array([2.0, 3.0, 0.0]),), low=0.0
    ),
    # tinygrad/tinygrad#17404 and apache/mxnet#17864: NaN where one factor is 0
    "a product with a zero": Report(
        np.prod,
        lambda g, x: g * np.stack([np.prod(without(x, i)) for i in range(len(x))]),
        product_divided,
        (np.array([0.0, 2.0, 3.0]),),
        low=0.0,
    ),
    # harvard-edge/cs249r_book#1341: the one activation that was not recorded
    "a tanh without a gradient": Report(
        lambda x: np.tanh(x) + x,
        lambda g, x: g * (2 - np.tanh(x) ** 2),
        lambda g, x: g,
        (X,),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_caught_where_it_is_wrong(name) -> None:
    f, right, wrong, arrays, entry, _ = REPORTS[name]
    assert examine_vjp(f, right, *arrays).ok
    report = examine_vjp(f, wrong, *arrays)
    assert report.verdict is Verdict.WRONG
    blamed = {finding.name for finding in report.findings if not finding.verdict.passes}
    assert blamed == {entry} or (not blamed and "cotangents must give" in str(report))
    assert "culprit: the gradient of" in str(report) and "test_public_reports.py:" in str(report)


SHRUNK = list(REPORTS)[:: 1 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 5]


@pytest.mark.parametrize("name", SHRUNK)
def test_it_shrinks_to_a_small_example(name) -> None:
    """The input that is to blame is drawn, and shrinks to simple numbers."""
    f, _, wrong, arrays, entry, low = REPORTS[name]
    place = int(entry[-2])
    numbers = st.floats(low, 3.0, allow_subnormal=False)
    drawn = numpy_st.arrays(float, np.shape(arrays[place]), elements=numbers, fill=st.nothing())

    def is_wrong(x: Any) -> bool:
        given = [*arrays[:place], x, *arrays[place + 1 :]]
        return examine_vjp(f, wrong, *given, budget=2).verdict is Verdict.WRONG

    once = settings(max_examples=20, derandomize=True, database=None, deadline=None)
    found = find(drawn, is_wrong, settings=once)
    assert np.isin(found, [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]).sum() >= found.size - 2
