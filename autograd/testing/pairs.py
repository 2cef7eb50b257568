"""Gradients written elsewhere: a NumPy function beside its own vjp, Jacobian or backward.

The pair becomes a row of one's own, so that the checker of the engine's gradients checks it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from autograd import Node, Primitive, Tensor
from autograd.errors import GradientError
from autograd.testing.checker.check import check_grads, examine
from autograd.testing.checker.report import Report


class Options(TypedDict, total=False):
    """As those of `check_grads`."""

    rtol: float
    seed: int
    budget: int


def check_vjp(
    f: Callable[..., ArrayLike],
    vjp: Callable[..., Any],
    *arrays: Any,
    wrt: Sequence[int] | None = None,
    **options: Unpack[Options],
) -> None:
    """Check a vector-Jacobian product written by hand, in whatever library.

    Args:
        f: of the arrays, gives one array (or a number).
        vjp: of a cotangent, of the shape of what `f` gives, and the arrays; gives the gradient of
            each array in `wrt`, or of each array: one, or a tuple or list of them, None for zeros.
        arrays: the point, at which everything must be smooth, or kinked as `check_grads` takes it.
        wrt: the places of the arrays that are differentiated; None: of those of floats.
        options: `rtol`, `seed` and `budget`, as those of `check_grads`.

    Raises:
        GradientError: as `check_grads`.
        TypeError: there is no array of floats, or `wrt` names another.

    >>> check_vjp(np.sin, lambda g, x: g * np.cos(x), np.array([0.5, 2.0]))
    >>> check_vjp(np.sin, lambda g, x: g * np.cos(2 * x), np.array([0.5, 2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: sin: wrong ...
    """
    call, tensors = _as_call(f, vjp, arrays, wrt)
    check_grads(call, *tensors, order=1, **options)


def examine_vjp(
    f: Callable[..., ArrayLike],
    vjp: Callable[..., Any],
    *arrays: Any,
    wrt: Sequence[int] | None = None,
    **options: Unpack[Options],
) -> Report:
    """What `check_vjp` found, without raising.

    >>> examine_vjp(np.exp, lambda g, x: g * np.exp(x), np.array(1.0)).verdict
    <Verdict.OK: 'ok'>
    """
    call, tensors = _as_call(f, vjp, arrays, wrt)
    return examine(call, *tensors, order=1, **options)


def check_jac(
    fun: Callable[[Any], ArrayLike],
    jac: Callable[[Any], ArrayLike],
    x0: ArrayLike,
    **options: Unpack[Options],
) -> None:
    """Check a Jacobian, as SciPy's optimisers take it: of a number or a vector, by a vector.

    >>> check_jac(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, 2.0])
    """

    def vjp(g: Any, x: Any) -> Any:
        return np.tensordot(g, np.asarray(jac(x), float), np.ndim(g))

    check_vjp(fun, vjp, np.asarray(x0, float), **options)


def check_forward_backward(
    forward: Callable[..., tuple[ArrayLike, Any]],
    backward: Callable[[Any, Any], Any],
    *arrays: Any,
    wrt: Sequence[int] | None = None,
    **options: Unpack[Options],
) -> None:
    """Check a layer in two functions, as courses write it.

    Args:
        forward: of the arrays, gives the output and what `backward` needs of it.
        backward: of the cotangent and that, gives the gradients as `vjp` of `check_vjp` does.
        arrays, wrt, options: as those of `check_vjp`.

    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(g, cache):
    ...     x, w = cache
    ...     return g @ w.T, x.T @ g
    >>> check_forward_backward(forward, backward, np.ones((2, 3)), np.ones((3, 4)))
    """

    def output(*arrays: Any) -> ArrayLike:
        return forward(*arrays)[0]

    def vjp(g: Any, *arrays: Any) -> Any:
        return backward(g, forward(*arrays)[1])

    output.__name__ = getattr(forward, "__name__", "forward")
    check_vjp(output, vjp, *arrays, wrt=wrt, **options)


def _real(found: Any, who: str, remedy: str) -> Any:
    """One array of real numbers, as a new one of float64."""
    if isinstance(found, tuple) or (array := np.asarray(found)).dtype.kind not in "fiu":
        got = type(found).__name__ if isinstance(found, tuple) else f"one of {array.dtype}"
        raise GradientError(f"{who} must give an array of real numbers, got {got}; {remedy}")
    return np.array(array, float)


def _as_call(
    f: Callable[..., ArrayLike],
    vjp: Callable[..., Any],
    arrays: tuple[Any, ...],
    wrt: Sequence[int] | None,
) -> tuple[Callable[..., Node], list[Tensor]]:
    """The pair as a function of nodes, and the nodes at which it is to be checked."""
    name = getattr(f, "__name__", type(f).__name__)
    of_floats = [i for i, x in enumerate(arrays) if np.asarray(x).dtype.kind == "f"]
    places = of_floats if wrt is None else list(wrt)
    if not places or not set(places) <= set(of_floats):
        kinds = ", ".join(f"{i}: {np.asarray(x).dtype}" for i, x in enumerate(arrays))
        raise TypeError(
            f"{name}: what is differentiated must be arrays of floats, got {places} of {{{kinds}}}"
        )
    held = [x.copy() if isinstance(x, np.ndarray) else x for x in arrays]

    def filled(numbers: tuple[Any, ...]) -> list[Any]:
        given = [x.copy() if isinstance(x, np.ndarray) else x for x in held]
        for i, x in zip(places, numbers, strict=True):
            given[i] = x
        return given

    def gradient(k: int) -> Primitive:
        def of(g: Any, *numbers: Any) -> Any:
            found = vjp(g, *filled(numbers))
            parts = list(found) if isinstance(found, (tuple, list)) else [found]
            if len(parts) not in (len(places), len(arrays)):
                raise GradientError(
                    f"the vjp of {name} must give a gradient for each of {len(places)} arrays, "
                    f"got {len(parts)}"
                )
            part = parts[places[k] if len(parts) == len(arrays) else k]
            shape = np.shape(numbers[k])
            if part is not None and np.shape(part) != shape:
                raise GradientError(
                    f"the vjp of {name} must give array {places[k]} a gradient of its shape "
                    f"{shape}, got {np.shape(part)}"
                )
            remedy = "give real numbers, and None for zeros"
            return np.zeros(shape) if part is None else _real(part, f"the vjp of {name}", remedy)

        # A row without rules: recorded, too, it is computed by NumPy alone.
        doc = f"What the vjp of {name} gives array {places[k]}."
        return Primitive(f"vjp of {name}", "vjp", None, of, (None,) * (1 + len(places)), doc)

    def rule(k: int) -> Callable[..., Any]:
        row = gradient(k)
        return lambda g, out, *operands: row(g, *operands)

    row = Primitive(
        name,
        name,
        None,
        lambda *numbers: _real(
            f(*filled(numbers)), name, "check one output at a time, or use check_forward_backward"
        ),
        tuple(rule(k) for k in range(len(places))),
        f"{name}, with the gradient that is checked.",
    )

    def call(*nodes: Node) -> Node:
        result: Node = row(*nodes)
        return result

    call.__name__ = name
    return call, [Tensor(arrays[i]) for i in places]
