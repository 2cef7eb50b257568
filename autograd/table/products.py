"""The matrix product."""

from typing import Any

import numpy as np

from autograd.core.primitive import primitive
from autograd.table import checks
from autograd.table.shapes import reshape, shape_of


def as_matrices(g: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """The operands of x @ y and its gradient with the axes that `@` lends to vectors."""
    if x.ndim > 1 and y.ndim > 1:
        return g, x, y
    batch, rows = shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]
    columns = () if y.ndim == 1 else shape_of(y)[-1:]
    batch = batch[: len(batch) - len(rows) - len(columns)]
    g = reshape(g, shape=batch + (rows or (1,)) + (columns or (1,)))
    x = x if x.ndim > 1 else reshape(x, shape=(1, -1))
    y = y if y.ndim > 1 else reshape(y, shape=(-1, 1))
    return g, x, y


def matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    g, x, y = as_matrices(g, x, y)
    return g @ y.mT


def matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    vector = y.ndim == 1
    g, x, y = as_matrices(g, x, y)
    result = x.mT @ g
    return reshape(result, shape=shape_of(result)[:-1]) if vector else result


# fmt: off
matmul = primitive("matmul", "@", None, np.matmul,
                   (matmul_left, matmul_right),
                   "x @ y: (..., n, k) @ (..., k, m) to (..., n, m); vectors as in NumPy; batch axes broadcast.",
                   diagnosis=checks.inner_dimensions, remedy="scale the operands down first",
                   cases=((((2, 3), (3, 4)), {}), (((3,), (3,)), {}), (((2, 3), (3,)), {}), (((3,), (3, 2)), {}),
                          (((5, 2, 3), (3, 4)), {}), (((3,), (2, 3, 4)), {}), (((2, 4, 3), (3,)), {}),
                          (((2, 1, 2, 3), (4, 3, 2)), {}), (((1, 1), (1, 1)), {}), (((0, 3), (3, 2)), {})),
                   says="@ swaps: each matrix receives the upstream gradient times the other one, transposed.")
