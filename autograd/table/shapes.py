"""Rows that only arrange elements anew: shape and order of the axes."""

from typing import Any

import numpy as np

from autograd.core.primitive import primitive
from autograd.table import checks


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node, an array, a symbol or a raw number."""
    try:
        shape: tuple[int, ...] = x.shape
    except AttributeError:
        shape = np.shape(x)
    return shape


def transpose_back(g: Any, out: Any, x: Any, axes: tuple[int, ...] | None) -> Any:
    return g.T if axes is None else transpose(g, axes=np.argsort([a % len(axes) for a in axes]))


# fmt: off
reshape = primitive("reshape", "reshape", None, np.reshape,
                    (lambda g, out, x, shape: reshape(g, shape=shape_of(x)),),
                    "The same elements in another `shape` (−1: as many as remain).",
                    params={"shape": (-1,)}, prepare=checks.shape, linear=True, view=True,
                    cases=((((3, 4),), {"shape": (2, -1)}), (((),), {"shape": (1, 1)}), (((0, 3),), {"shape": (3, 0)})),
                    says="Numbers go back to the places that they came from.")
transpose = primitive("transpose", "ᵀ", None, np.transpose,
                      (transpose_back,), "The axes in another order (None: reversed).",
                      params={"axes": None}, prepare=checks.axes, linear=True, view=True,
                      cases=((((3, 4),), {}), (((2, 3, 4),), {"axes": (1, 2, 0)}),
                             (((2, 3, 4),), {"axes": (-1, 0, 1)})),
                      says="Numbers go back to the places that they came from.")
