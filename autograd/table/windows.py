"""Sliding windows and their adjoint, `overlap_add`: convolution and pooling are made of them."""

from typing import Any

from autograd.core.primitive import primitive
from autograd.table import checks, kernels
from autograd.table.shapes import shape_of


def windows_back(g: Any, out: Any, x: Any, size: Any, stride: Any, dilation: Any) -> Any:
    shape = shape_of(x)[-len(size) :]
    return overlap_add(g, shape=shape, stride=stride, dilation=dilation)


def overlap_add_back(g: Any, out: Any, x: Any, shape: Any, stride: Any, dilation: Any) -> Any:
    size = shape_of(x)[-len(shape) :]
    return windows(g, size=size, stride=stride, dilation=dilation)


# fmt: off
windows = primitive("windows", "windows", None, kernels.view_windows,
                    (windows_back,),
                    "Sliding windows over the last axes, (..., *n) to (..., *positions, *size).",
                    params={"size": (), "stride": 1, "dilation": 1}, prepare=checks.windows, linear=True, view=True,
                    cases=((((2, 5, 6),), {"size": (2, 3)}), (((7,),), {"size": 3, "stride": 2}),
                           (((1, 6, 5),), {"size": (2, 2), "stride": (2, 1), "dilation": (1, 2)})))
overlap_add = primitive("overlap_add", "overlap", None, kernels.add_windows,
                        (overlap_add_back,),
                        "Windows (..., *positions, *size) added up where they overlap, to (..., *shape).",
                        params={"shape": (), "stride": 1, "dilation": 1}, prepare=checks.overlap_add, linear=True,
                        cases=((((4, 4, 2, 3),), {"shape": (5, 6)}), (((3, 3),), {"shape": 7, "stride": 2})))
