"""`check_grads` and `examine`: is the gradient of a function right?"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from autograd.testing.checker.calls import GraphCall
from autograd.testing.checker.culprit import locate
from autograd.testing.checker.examination import (
    Examination,
    certified_gradients,
    compare_narrow,
    is_narrow,
    told,
)
from autograd.testing.checker.graphs import (
    Function,
    Gradient,
    Graph,
    Nested,
    Parameters,
    in_float64,
    restoring,
)
from autograd.testing.checker.passes import broken_by_the_engine, broken_symmetries
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Bounds, Number, quiet

__tracebackhide__ = True  # of a failed check pytest shows the test, and the report


def check_grads(
    f: Callable[..., Nested],
    *inputs: object,
    order: int = 2,
    rtol: float = 1e-6,
    atol: float = 0.0,
    params: Parameters | None = None,
    bounds: Bounds | Mapping[str, Bounds] | None = None,
    seed: int = 0,
    budget: int = 16,
) -> None:
    """Check the gradient of `f` for every Value and Tensor in `inputs`, and every parameter.

    Args:
        f: a function, or a module, of which every parameter is checked. It returns a Value or a
            Tensor of any shape, or nested lists or dicts of them.
        inputs: Values, Tensors, nested lists and dicts of them; other things are constants.
        order: how many times to differentiate.
        rtol: the relative error that may pass; of an entry that is checked by itself, an error of
            10 rtol never does.
        atol: an absolute error of a derivative that may pass as well.
        params: leaves that `f` uses without taking them as inputs: a module, a list or a dict.
        bounds: the least and the largest number that makes sense, or such pairs by the name of an
            input, as in {"inputs[0]": (0, 1)}; `f` is never called beyond.
        seed: of the random cotangents and directions.
        budget: how many directions to try for each input. An input with no more entries than that
            is checked entry by entry, a larger one in groups of entries (see `Probe.directions`).

    Raises:
        GradientError: the gradient is wrong, or can't be certified: the point is at the edge of
            the domain, `f` is mostly rounding, not deterministic, or returns no node. Its `report`
            is that of `examine`.
        TypeError: there is nothing to differentiate.

    >>> from autograd import Tensor
    >>> check_grads(lambda x: x.softmax(), Tensor([1.0, 2.0, 3.0]))
    >>> check_grads(lambda x: x * x.data, Tensor([2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: <lambda>: wrong ...
    """
    report = examine(
        f,
        *inputs,
        order=order,
        rtol=rtol,
        atol=atol,
        params=params,
        bounds=bounds,
        seed=seed,
        budget=budget,
    )
    report.require()


def examine(
    f: Callable[..., Nested],
    *inputs: object,
    order: int = 2,
    rtol: float = 1e-6,
    atol: float = 0.0,
    params: Parameters | None = None,
    bounds: Bounds | Mapping[str, Bounds] | None = None,
    seed: int = 0,
    budget: int = 16,
) -> Report:
    """What `check_grads` found, without raising.

    >>> from autograd import Value
    >>> report = examine(lambda x: x.relu(), Value(0.0))
    >>> print(report.verdict, report.findings[0].slopes)
    kink (0.0, 1.0)
    """
    function = Function(f, inputs, params, bounds)
    report = Report(function.name, seed, rtol, atol=atol, order=order)
    rng = np.random.default_rng([seed, *b"check"])  # inputs often come from default_rng(seed)
    examination = Examination(
        report, budget, rng, order, locate, near=order > 1, promises=_of_the_engine
    )
    with told(report), restoring(f, params):
        with quiet(), in_float64(), function.at({}) as call:
            examination.run(function, call)
        if report.ok and is_narrow(function.original):
            with in_float64():
                certified = certified_gradients(function, rng)
            compare_narrow(function, function.original, certified, report)
    return report


def _of_the_engine(
    subject: Graph, call: GraphCall, cotangent: Number, asked: Examination
) -> Iterator[str]:
    yield from broken_by_the_engine(call, cotangent, recorded=asked.order > 1)
    if isinstance(subject, Gradient):
        yield from broken_symmetries(subject, call, asked.rng)
