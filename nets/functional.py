"""Layers as functions: what the modules compute, with the parameters as arguments.

Everything is made of autograd's primitives, so each function works on Tensors, on raw arrays, and
on object arrays of Values.
"""

from __future__ import annotations

from typing import Any

import autograd


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b: (..., in_features) to (..., out_features).

    >>> linear([1.0, 2.0], [[3.0, 4.0]], [0.5])
    array([11.5])
    """
    x = autograd.matmul(x, autograd.transpose(weight))
    return x if bias is None else autograd.add(x, bias)
