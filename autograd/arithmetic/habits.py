"""What people reach for who come from PyTorch, and the way to it here."""

_NO_DEVICE = "all numbers are NumPy's, in this machine's memory: leave it out"
_NO_FLAG = "every leaf is differentiated; autograd.stop_gradient(x) or x.detach() leaves x out"
_NO_WRITES = "numbers are not written in place; assign x.data"
_CAST = "use x.astype(np.float32) or x.astype(np.float64) of a Tensor"

# By the name of the attribute.
HABITS = {
    "numpy": "x.data are the plain numbers",
    "clone": "use x + 0 for another node, x.detach() for another leaf",
    "requires_grad": _NO_FLAG,
    "requires_grad_": _NO_FLAG,
    "zero_grad": "backward() replaces the gradients that are there; to drop one, x.grad = None",
    "retain_grad": "every node keeps its gradient, x.grad",
    "grad_fn": "x.op is what made it, x.operands of what",
    "is_leaf": "a leaf is a node whose x.op is None",
    "to": f"{_CAST}; {_NO_DEVICE}",
    "type": _CAST,
    "float": _CAST,
    "double": _CAST,
    "half": "there is float32 and float64",
    "cpu": _NO_DEVICE,
    "cuda": _NO_DEVICE,
    "device": _NO_DEVICE,
    "view": "use x.reshape(...)",
    "permute": "use x.transpose(...)",
    "unsqueeze": "use np.expand_dims(x, axis), or index with None",
    "expand": "use np.broadcast_to(x, shape)",
    "numel": "use x.size",
    "dim": "use x.ndim",
    "contiguous": "leave it out: the layout in memory is NumPy's affair",
    "pow": "use x ** y",
    "add_": _NO_WRITES,
    "sub_": _NO_WRITES,
    "mul_": _NO_WRITES,
    "div_": _NO_WRITES,
    "copy_": _NO_WRITES,
    "fill_": _NO_WRITES,
    "zero_": _NO_WRITES,
    "dtype": "a Value holds a Python float; a Tensor has a dtype",
}

_WRITES = "nodes are not written into; build new ones by np.where, np.stack or np.concatenate"
_JUMPS = "it jumps; take the plain numbers, x.data, or write the smooth part out"
_SINGULAR = "singular values and eigenvalues are not here; there are np.linalg.solve, inv, det"
_SETS = "what it gives are plain numbers; take x.data first"

# By the name of NumPy's function.
REMEDIES = {
    **dict.fromkeys(
        ("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"), _WRITES
    ),
    **dict.fromkeys(("insert", "delete", "resize", "trim_zeros"), _WRITES),
    **dict.fromkeys(("floor_divide", "fmod", "divmod", "modf"), _JUMPS),
    **dict.fromkeys(("svd", "svdvals", "eig", "eigh", "eigvals", "eigvalsh", "pinv"), _SINGULAR),
    **dict.fromkeys(("matrix_rank", "cond", "lstsq", "qr"), _SINGULAR),
    **dict.fromkeys(("unique", "union1d", "intersect1d", "setdiff1d", "setxor1d"), _SETS),
    "add": "np.sum and np.cumsum are the reductions of +",
    "multiply": "np.prod and np.cumprod are the reductions of *",
    "maximum": "np.max is the reduction of maximum",
    "minimum": "np.min is the reduction of minimum",
}

# Of NumPy's arrays, what Tensors lack.
HABITS |= {
    **dict.fromkeys(("fill", "put", "itemset", "resize", "partition", "sort", "setfield"), _WRITES),
    **dict.fromkeys(("flags", "setflags", "strides", "base", "ctypes"), "x.data is the array"),
    **dict.fromkeys(
        ("tobytes", "tofile", "dump", "dumps", "nbytes", "itemsize"), "x.data is the array"
    ),
    **dict.fromkeys(("byteswap", "getfield", "to_device"), "x.data is the array"),
    **dict.fromkeys(
        ("choose", "argpartition", "compress", "searchsorted"), "take the plain x.data"
    ),
    "flat": "iterate over x.ravel()",
    "imag": "numbers are real here",
}
