"""All of NumPy's functions, methods and operators on nodes: NumPy's answer, or a clear refusal."""

from __future__ import annotations

import copy
import operator
import re
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest

from autograd import Node, Tensor, Value

X = np.array([[0.5, 1.5, 2.5], [1.25, 0.75, 0.25], [2.0, 1.0, 3.0]])
POSITIVE = X @ X.T + np.eye(3)
OTHERS: tuple[tuple[Any, ...], ...] = ((), (X + 0.5,), (1,), (1, 0), ([0, 1], 0), (0.5, 0), (X, X))
# What is no function of numbers: of files, types, settings, text and memory.
# fmt: off
ASIDE = {
    "apply_along_axis", "apply_over_axes", "arange", "array", "array2string", "asanyarray",
    "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "asmatrix", "astype",
    "bartlett", "base_repr", "binary_repr", "blackman", "block", "bmat", "broadcast_shapes",
    "can_cast", "common_type", "diag_indices", "diag_indices_from", "einsum_path", "empty",
    "empty_like", "errstate", "eye", "format_float_positional", "format_float_scientific",
    "from_dlpack", "frombuffer", "fromfile", "fromfunction", "fromiter", "frompyfunc",
    "fromregex", "fromstring", "full", "genfromtxt", "geomspace", "get_include",
    "get_printoptions", "getbufsize", "geterr", "geterrcall", "hamming", "hanning", "identity",
    "indices", "info", "isdtype", "isfortran", "isscalar", "issubdtype", "iterable", "ix_",
    "kaiser", "load", "loadtxt", "logspace", "mask_indices", "may_share_memory", "memmap",
    "min_scalar_type", "mintypecode", "nested_iters", "ones", "piecewise", "printoptions",
    "promote_types", "put_along_axis", "ravel_multi_index", "require", "result_type", "save",
    "savetxt", "savez", "savez_compressed", "set_printoptions", "setbufsize", "seterr",
    "seterrcall", "shares_memory", "show_config", "show_runtime", "take_along_axis", "test",
    "tri", "tril_indices", "tril_indices_from", "triu_indices", "triu_indices_from", "typename",
    "unravel_index", "vander", "vectorize", "zeros",
}
# fmt: on

# What a refusal says: what is not supported, or what to write instead.
CLEAR = re.compile(
    r"supported|must|item\(\)|\.data|np\.|autograd|plain|take |use |here|out of bounds|iterate|"
    r"positional argument|x\."
)


def answer(function: Any, x: Any, others: tuple[Any, ...]) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(x, *copy.deepcopy(others))  # some of NumPy's functions write into them


def plain(found: Any) -> Any:
    if isinstance(found, (list, tuple)):
        return [plain(part) for part in found]
    return found.data if isinstance(found, Node) else found


def same(found: Any, wanted: Any) -> bool:
    found, wanted = plain(found), plain(wanted)
    if isinstance(wanted, list):
        pairs = zip(found, wanted, strict=False)
        return (
            isinstance(found, list) and len(found) == len(wanted) and all(same(*p) for p in pairs)
        )
    if isinstance(wanted, (str, type)) or wanted is None:
        return bool(found == wanted)
    return np.shape(found) == np.shape(wanted) and np.allclose(
        np.asarray(found, float), np.asarray(wanted, float), rtol=1e-9, equal_nan=True
    )


def verdict(function: Any, x: Any, node: Any, others: tuple[Any, ...]) -> str:
    """'answer', 'refusal', or what is wrong; '' where NumPy itself has no answer."""
    try:
        wanted = answer(function, x.copy() if isinstance(x, np.ndarray) else x, others)
        same(wanted, wanted)
    except Exception:  # NumPy's own: no probe
        return ""
    try:
        found = answer(function, node, others)
    except (TypeError, AttributeError, ValueError, IndexError) as error:
        text = str(error)
        return "refusal" if CLEAR.search(text) else f"bare {type(error).__name__}: {text}"
    return "answer" if same(found, wanted) else f"different: {found!r} for {wanted!r}"


def functions() -> list[Any]:
    found = {}
    for module in (np, np.linalg):
        for name in dir(module):
            function = getattr(module, name)
            if (
                not name.startswith("_")
                and callable(function)
                and not isinstance(function, type)
                and name not in ASIDE
            ):
                found[f"{module.__name__}.{name}"] = function
    return [pytest.param(f, id=name) for name, f in found.items()]


COUNTS: Counter[str] = Counter()


def judged(function: Any) -> None:
    wrong = []
    for x, node in (
        (X, Tensor(X)),
        (POSITIVE, Tensor(POSITIVE)),
        (X[0], Tensor(X[0])),
        (0.5, Value(0.5)),
    ):
        for others in OTHERS:
            found = verdict(function, x, node, others)
            COUNTS[found.split()[0] if found else "no probe"] += 1
            if found not in ("answer", "refusal", ""):
                wrong.append((getattr(x, "shape", ()), others, found))
    assert not wrong, wrong[:3]


@pytest.mark.parametrize("function", functions())
def test_functions(function) -> None:
    judged(function)


METHODS = [name for name in dir(np.ndarray) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_methods_and_attributes(name) -> None:
    wrong = []
    for x in (X, X[0]):
        attribute = getattr(x, name, None) if name != "mT" or x.ndim > 1 else None
        if callable(attribute):
            for others in OTHERS:
                found = verdict(lambda y, *o: getattr(y, name)(*o), x, Tensor(x), others)
                if found not in ("answer", "refusal", ""):
                    wrong.append((others, found))
        elif name not in ("device", "data"):
            found = verdict(lambda y: getattr(y, name), x, Tensor(x), ())
            if found not in ("answer", "refusal", ""):
                wrong.append(((), found))
    assert not wrong, wrong[:3]


OPERATORS = [
    *(
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
    ),
    *(
        "and_",
        "or_",
        "xor",
        "lshift",
        "rshift",
        "neg",
        "pos",
        "abs",
        "invert",
        "getitem",
        "contains",
    ),
    *("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul"),
]


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name) -> None:
    judged(getattr(operator, name))
    for x in (X, 0.5):
        function = getattr(operator, name)
        if name not in ("getitem", "contains", "neg", "pos", "abs", "invert"):
            found = verdict(
                lambda y, z, f=function: f(z, y), x, Tensor(x) if x is X else Value(x), (X,)
            )
            assert found in ("answer", "refusal", ""), found


@pytest.mark.parametrize(
    "call",
    [len, list, tuple, bool, iter, reversed, sum, max, min, sorted, any, all, str, repr, hash],
)
def test_builtins(call) -> None:
    found = verdict(
        lambda y: plain(call(y)) if call in (list, tuple) else call(y), X[0], Tensor(X[0]), ()
    )
    assert found in ("answer", "refusal", "") or call in (str, repr, hash, iter, reversed), found


def test_the_counts() -> None:
    """Whatever ran before: nothing was silently different, and no error was bare."""
    assert not {kind for kind in COUNTS if kind.startswith(("different", "bare"))}
