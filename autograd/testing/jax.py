"""Gradients of JAX: functions, `custom_vjp`s, and pytrees of arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Unpack

import numpy as np

from autograd.core.numbers import Array
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Number, Numbers, kind
from autograd.testing.elsewhere.traced import Framework, Options, Run, examine_traced

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise ImportError("autograd.testing.jax needs JAX: pip install jax") from error


__tracebackhide__ = True


def check_grads(f: Callable[..., Any], *inputs: Any, **options: Unpack[Options]) -> None:
    """Check what `jax.vjp` gives for every array of floats in the inputs.

    Args:
        f: gives an array, or a pytree of them.
        inputs: arrays of float32 or float64, and pytrees of them; other leaves are constants.
            Everything is checked in float64 first, whether `jax_enable_x64` is set or not.
        options: `order` (2), `rtol`, `atol`, `bounds`, `seed` and `budget`, as those of
            `autograd.testing.check_grads`.

    Raises:
        GradientError: as `autograd.testing.check_grads`.
        TypeError: there is nothing to differentiate.

    >>> import jax.numpy as jnp
    >>> check_grads(jnp.tanh, jnp.array([0.5, 2.0]))
    >>> check_grads(lambda x: x * jax.lax.stop_gradient(x), jnp.array([0.5, 2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: <lambda>: wrong ...
    """
    examine(f, *inputs, **options).require()


def examine(f: Callable[..., Any], *inputs: Any, **options: Unpack[Options]) -> Report:
    """What `check_grads` found, without raising.

    >>> examine(lambda p: p["w"] * p["x"], {"w": np.ones(2), "x": np.ones(2)}).ok
    True
    """
    name = getattr(f, "__name__", type(f).__name__)
    found, tree = jax.tree_util.tree_flatten_with_path(inputs)
    items = {f"inputs{jax.tree_util.keystr(path)}": x for path, x in found}
    numbers = {
        path: np.array(x)
        for path, x in items.items()
        if isinstance(x, (jax.Array, np.ndarray)) and x.dtype in (np.float32, np.float64)
    }
    if not numbers:
        got = ", ".join(map(kind, items.values())) or "no inputs"
        raise TypeError(f"{name}: there is no array of floats to differentiate, got {got}")

    def run(arrays: dict[str, Any]) -> Any:
        given = [arrays.get(path, x) for path, x in items.items()]
        return joined(f(*jax.tree_util.tree_unflatten(tree, given)))

    return examine_traced(Framework(value, many, vjp, gradient), name, f, numbers, run, options)


def joined(result: Any) -> Any:
    """One array of all that are in the result."""
    found = jax.tree_util.tree_leaves(result)
    return found[0] if len(found) == 1 else jnp.concatenate([jnp.ravel(x) for x in found])


def value(run: Run, numbers: Numbers) -> Any:
    return quickly(run, numbers)


def many(run: Run, numbers: Numbers, moved: str, line: Array) -> Any:
    return quickly(along(run, moved), {**numbers, moved: line})


@lru_cache(8)
def along(run: Run, moved: str) -> Callable[..., Any]:
    def of(arrays: dict[str, Any]) -> Any:
        return jax.vmap(lambda x: run({**arrays, moved: x}))(arrays[moved])

    return of


def vjp(run: Run, cotangent: Number, numbers: Numbers) -> dict[str, Any]:
    found = quickly(gradients_of(run), numbers, cotangent)
    return {key: np.asarray(g) for key, g in found.items()}


def quickly(f: Callable[..., Any], numbers: Numbers, *others: Any) -> Any:
    """What `f` gives in float64, compiled where it can be."""
    with jax.enable_x64(True):
        arrays = {key: jnp.asarray(x) for key, x in numbers.items()}
        try:
            return compiled(f)(arrays, *others)
        except jax.errors.JAXTypeError:  # it looks at its numbers
            return f(arrays, *others)


@lru_cache(8)
def compiled(f: Callable[..., Any]) -> Any:
    return jax.jit(f)


@lru_cache(8)
def gradients_of(run: Run) -> Callable[..., Any]:
    return partial(gradients, run)


def gradient(run: Run, cotangent: str) -> Run:
    """The gradient as a function of the same arrays, and of the cotangent by that name."""

    def of(arrays: dict[str, Any]) -> Any:
        others = {key: x for key, x in arrays.items() if key != cotangent}
        return joined(list(gradients(run, others, arrays[cotangent]).values()))

    return of


def gradients(run: Run, arrays: dict[str, Any], cotangent: Any) -> dict[str, Any]:
    output, back = jax.vjp(run, arrays)
    (found,) = back(jnp.asarray(cotangent, output.dtype).reshape(output.shape))
    return dict(found)
