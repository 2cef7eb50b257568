"""Gradients written elsewhere: a function of arrays beside its own vjp, Jacobian or backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Bounds, Number, Numbers
from autograd.testing.elsewhere.pair import Pair, examine_pair

__tracebackhide__ = True
Function = Callable[..., Any]


class Options(TypedDict, total=False):
    """How a pair is checked, beside what `check_grads` has as well.

    wrt: the places of the arrays that are differentiated; without it, of those of floats.
    rtol, atol, bounds, seed, budget: as those of `check_grads`.
    batched: `f` takes arrays with one more axis in front, too, and gives such outputs: a whole line
        of points in one call.
    """

    wrt: Sequence[int] | None
    rtol: float
    atol: float
    bounds: Bounds | Mapping[str, Bounds] | None
    seed: int
    budget: int
    batched: bool


def check_vjp(f: Function, vjp: Function, *arrays: Any, **options: Unpack[Options]) -> None:
    """Check a vector-Jacobian product written by hand, in whatever library.

    A second derivative is the first one of `vjp`, which is a function as well: check it with a
    `vjp` of its own.

    Args:
        f: of the arrays, gives one array (or a number). It is called with copies.
        vjp: of a cotangent, of the shape of what `f` gives, and the arrays; gives the gradient of
            each array in `wrt`, or of each array: one, or a tuple or list of them, None for zeros.
        arrays: the point, at which everything must be smooth, or kinked as `check_grads` takes it.
        options: see `Options`.

    Raises:
        GradientError: as `check_grads`; where `f` computes in float32, with an rtol of 1e-4.
        TypeError: there is no array of floats, or `wrt` names another.

    >>> check_vjp(np.sin, lambda g, x: g * np.cos(x), np.array([0.5, 2.0]))
    >>> check_vjp(np.sin, lambda g, x: g * np.cos(2 * x), np.array([0.5, 2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: sin: wrong ...
    """
    examine_vjp(f, vjp, *arrays, **options).require()


def examine_vjp(f: Function, vjp: Function, *arrays: Any, **options: Unpack[Options]) -> Report:
    """What `check_vjp` found, without raising.

    >>> examine_vjp(np.exp, lambda g, x: g * np.exp(x), np.array(1.0)).verdict
    <Verdict.OK: 'ok'>
    """
    return _examined(f, vjp, arrays, options, (f, vjp))


def check_jac(
    fun: Function, jac: Function, x0: ArrayLike, *args: Any, **options: Unpack[Options]
) -> None:
    """Check a Jacobian, as SciPy's optimisers take it: of a number or a vector, by a vector.

    >>> check_jac(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, 2.0])
    """
    examine_jac(fun, jac, x0, *args, **options).require()


def examine_jac(
    fun: Function, jac: Function, x0: ArrayLike, *args: Any, **options: Unpack[Options]
) -> Report:
    """What `check_jac` found, without raising; `args` go to both functions behind x, as in SciPy.

    >>> examine_jac(np.square, lambda x: np.diag(2 * x), [1.0, 3.0]).ok
    True
    """

    def vjp(g: Any, x: Any, *args: Any) -> Any:
        return np.tensordot(g, np.asarray(jac(x, *args), float), np.ndim(g))

    return _examined(fun, vjp, (np.asarray(x0, float), *args), {"wrt": [0], **options}, (fun, jac))


def check_forward_backward(
    forward: Function, backward: Function, *arrays: Any, **options: Unpack[Options]
) -> None:
    """Check a layer in two functions, as courses write it.

    Args:
        forward: of the arrays, gives the output and what `backward` needs of it.
        backward: of the cotangent and that, gives the gradients as `vjp` of `check_vjp` does.
        arrays, options: as those of `check_vjp`.

    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(g, cache):
    ...     x, w = cache
    ...     return g @ w.T, x.T @ g
    >>> check_forward_backward(forward, backward, np.ones((2, 3)), np.ones((3, 4)))
    """
    examine_forward_backward(forward, backward, *arrays, **options).require()


def examine_forward_backward(
    forward: Function, backward: Function, *arrays: Any, **options: Unpack[Options]
) -> Report:
    """What `check_forward_backward` found, without raising.

    >>> examine_forward_backward(lambda x: (3 * x, None), lambda g, _: 3 * g, np.ones(2)).ok
    True
    """

    def output(*arrays: Any) -> Any:
        return forward(*arrays)[0]

    def vjp(g: Any, *arrays: Any) -> Any:
        return backward(g, forward(*arrays)[1])

    return _examined(output, vjp, arrays, options, (forward, backward))


def _examined(
    f: Function,
    vjp: Function,
    arrays: tuple[Any, ...],
    options: Options,
    written: tuple[Function, Function],
) -> Report:
    """The report on the pair, which is `written` as other two functions."""
    name = getattr(written[0], "__name__", type(written[0]).__name__)
    names = [f"inputs[{i}]" for i in range(len(arrays))]
    of_floats = [i for i, x in enumerate(arrays) if np.asarray(x).dtype.kind == "f"]
    wrt = options.get("wrt")
    places = of_floats if wrt is None else list(wrt)
    if not places or not set(places) <= set(of_floats):
        kinds = ", ".join(f"{i}: {np.asarray(x).dtype}" for i, x in enumerate(arrays))
        raise TypeError(
            f"{name}: what is differentiated must be arrays of floats, got {places} of {{{kinds}}}"
        )

    constants = {names[i]: x for i, x in enumerate(arrays) if i not in places}

    def value(given: Mapping[str, Any]) -> Any:
        return f(*(given[name] for name in names))

    def gradients(g: Number, given: Mapping[str, Any]) -> dict[str, Any]:
        found = vjp(g, *(given[name] for name in names))
        parts = list(found) if isinstance(found, (tuple, list)) else [found]
        if len(parts) == len(arrays):
            parts = [parts[i] for i in places]
        if len(parts) != len(places):
            raise GradientError(
                f"the vjp of {name} must give a gradient for each of {len(places)} arrays, "
                f"got {len(parts)}"
            )
        return {names[i]: part for i, part in zip(places, parts, strict=True)}

    def many(numbers: Numbers, moved: str, line: Array) -> Any:
        stacked = {key: np.repeat(np.asarray(x)[None], len(line), 0) for key, x in numbers.items()}
        return value({**constants, **stacked, moved: line})

    pair = Pair(
        name,
        {names[i]: np.asarray(arrays[i]) for i in places},
        value,
        gradients,
        constants=constants,
        bounds=options.get("bounds"),
        many=many if options.get("batched") else None,
        promised=True,
        written=written[1],
    )
    asked: dict[str, Any] = {**options}
    for key in ("wrt", "bounds", "batched"):
        asked.pop(key, None)
    return examine_pair(pair, **asked)
