"""NumPy's functions mean on nodes what they mean on arrays, however their arguments are given."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Node, Tensor
from autograd.arithmetic.adapters import FUNCTIONS, PLAIN, UFUNCS
from autograd.testing import check_grads

rng = np.random.default_rng(0)
V, W = rng.normal(size=4), rng.normal(size=4)
M, N = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
S = rng.normal(size=(3, 3)) + 3 * np.eye(3)
B = rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)
P = S @ S.T
C = rng.normal(size=(2, 3, 4))
HOLES = np.where(M > 1, np.nan, M)
ONE = np.array([[2.0]])
K = {"keepdims": True}
A0, A1 = {"axis": 0}, {"axis": 1}

Call = tuple[tuple[Any, ...], dict[str, Any]]
REDUCTIONS: list[Call] = [
    ((M,), {}),
    ((M,), A0),
    ((M, -1), K),
    ((C, (0, 2)), {}),
    ((C,), {"axis": None}),
]
HOLED: list[Call] = [((HOLES,), {}), ((HOLES,), A1), ((HOLES, 1), K)]
SPREADS: list[Call] = [
    ((M,), {}),
    ((M, 0), {"ddof": 1}),
    ((M,), {"axis": 1, "ddof": 1, "keepdims": True}),
]

HOLED_SPREADS: list[Call] = [((HOLES,), {}), ((HOLES, 1), {"ddof": 1})]
PLACES: list[Call] = [((M,), {}), ((M, 1), {})]
TWICE: list[Call] = [((M, M), {})]

CALLS: dict[Any, list[Call]] = {
    **dict.fromkeys(
        (np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.ptp), REDUCTIONS
    ),
    **dict.fromkeys((np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanmin), HOLED),
    **dict.fromkeys((np.var, np.std), SPREADS),
    **dict.fromkeys((np.nanvar, np.nanstd), HOLED_SPREADS),
    np.average: [((M,), {}), ((M, 0), {}), ((M,), {"weights": np.abs(M)}), ((M, 1, np.abs(M)), {})],
    np.cumsum: [((M,), {}), ((M, 1), {})],
    np.cumprod: [((M,), {}), ((M, 1), {})],
    np.median: [((M,), {}), ((M, 0), {}), ((M,), {"axis": 1, **K})],
    np.quantile: [((M, 0.3), {}), ((M, [0.1, 0.9], 0), {})],
    np.percentile: [((M, 30), {}), ((M, [10.0, 90.0]), {"axis": 1, **K})],
    np.where: [((M > 0, M, 2 * M), {}), ((M, M, 0.0), {})],
    np.clip: [
        ((M, -0.5, 0.5), {}),
        ((M, None, 0.4), {}),
        ((M, -V, None), {}),
        ((M,), {"min": -1.0, "max": V}),
    ],
    np.take: [((M, [0, 5, 5]), {}), ((M, [2, 0], 1), {}), ((M, 1), {"axis": 0})],
    np.sinc: [((M,), {})],
    np.sort: [((M,), {}), ((M, 0), {}), ((M,), {"axis": None})],
    np.partition: [((np.sort(M), 2), {})],
    np.interp: [
        (
            (np.array([0.3, 1.2, 5.0, -1.0]), np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 0.0])),
            {},
        )
    ],
    np.diff: [((M,), {}), ((M, 2), {}), ((M,), {"axis": 0})],
    np.select: [(([M > 1, M < 0], [M, 2 * M]), {}), (([M > 1], [M]), {"default": 5.0})],
    np.nan_to_num: [((HOLES,), {}), ((HOLES,), {"nan": 3.0})],
    np.copy: [((M,), {})],
    np.real: [((M,), {})],
    np.imag: [((M,), {})],
    np.real_if_close: [((M,), {})],
    np.angle: [((np.abs(M),), {})],
    np.full_like: [((M, 2.0), {}), ((M, 2.0), {"shape": (2, 2)})],
    np.reshape: [((M, (2, 6)), {}), ((M, -1), {})],
    np.transpose: [((M,), {}), ((C, (1, 0, 2)), {}), ((C,), {"axes": (2, 0, 1)})],
    np.permute_dims: [((M,), {}), ((C, (1, 0, 2)), {})],
    np.matrix_transpose: [((C,), {})],
    np.linalg.matrix_transpose: [((C,), {})],
    np.ravel: [((M,), {})],
    np.squeeze: [((M[None],), {}), ((M[None, :, None], 0), {}), ((M[:, None],), A1)],
    np.expand_dims: [((M, 0), {}), ((M, (0, 2)), {})],
    np.swapaxes: [((C, 0, 2), {})],
    np.moveaxis: [((C, 0, -1), {}), ((C, [0, 1], [2, 0]), {})],
    np.rollaxis: [((C, 2), {}), ((C, 0, 3), {}), ((C, 1), {"start": -1})],
    np.broadcast_to: [((V, (3, 4)), {})],
    np.atleast_1d: [((np.array(2.0),), {}), ((V, M), {})],
    np.atleast_2d: [((V,), {}), ((M,), {}), ((np.array(2.0),), {})],
    np.atleast_3d: [((V,), {}), ((M,), {}), ((C,), {})],
    np.meshgrid: [
        ((V, W), {}),
        ((V, W[:2]), {"indexing": "ij"}),
        ((V, W), {"sparse": True}),
        ((V,), {}),
    ],
    np.broadcast_arrays: [((V, M), {})],
    np.flip: [((M,), {}), ((M, 1), {}), ((C,), {"axis": (0, 2)})],
    np.flipud: [((M,), {})],
    np.fliplr: [((M,), {})],
    np.rot90: [((M,), {}), ((M, 2), {}), ((C, -1), {"axes": (1, 2)})],
    np.roll: [
        ((M, 2), {}),
        ((M, 1, 0), {}),
        ((M, (1, 2)), {"axis": (0, 1)}),
        ((np.zeros((0, 2)), 1, 0), {}),
    ],
    np.tile: [((M, 2), {}), ((V, (2, 1)), {}), ((C, (2, 1)), {})],
    np.repeat: [((M, 2), {}), ((M, 2, 1), {}), ((M, [1, 0, 2]), {"axis": 0})],
    np.pad: [
        ((M, 1), {}),
        ((M, ((1, 0), (0, 2))), {"constant_values": 3.0}),
        ((M, (1, 2), "edge"), {}),
        ((M, 2, "reflect"), {}),
        ((M, 1), {"mode": "symmetric"}),
        ((M, 1, "wrap"), {}),
    ],
    np.diag: [((V,), {}), ((V, 1), {}), ((M,), {"k": -1})],
    np.diagflat: [((M,), {}), ((V,), {"k": -2})],
    np.diagonal: [((M,), {}), ((M, 1), {}), ((C,), {"axis1": 1, "axis2": 2}), ((M, -5), {})],
    np.trace: [((M,), {}), ((M, -1), {}), ((C, 0, 1, 2), {})],
    np.tril: [((M,), {}), ((M, 1), {}), ((C,), {"k": -1})],
    np.triu: [((M,), {}), ((M, 1), {}), ((C,), {"k": -1})],
    np.concatenate: [(((M, 2 * M),), {}), (((M, M), 1), {}), (((M, V),), {"axis": None})],
    np.stack: [(((M, 2 * M),), {}), (((M, M), -1), {})],
    np.hstack: [(((M, M),), {}), (((V, W),), {})],
    np.vstack: [(((V, W),), {}), (((M, V),), {})],
    np.dstack: [(((M, M),), {}), (((V, W),), {})],
    np.column_stack: [(((V, W),), {}), (((M, M),), {})],
    np.append: [((M, V), {}), ((M, M, 0), {})],
    np.split: [((V, 2), {}), ((M, [1], 1), {}), ((M, 3), {"axis": 0})],
    np.array_split: [((V, 3), {}), ((M, 2, 0), {}), ((V, [0, 4]), {})],
    np.hsplit: [((M, 2), {}), ((V, 2), {})],
    np.vsplit: [((M, 3), {})],
    np.dsplit: [((C, 2), {})],
    np.unstack: [((M,), {}), ((M,), A1)],
    np.dot: [((V, W), {}), ((M, N), {}), ((V, 2.0), {})],
    np.vdot: [((M, M + 1), {})],
    np.inner: [((V, W), {}), ((M, M + 1), {}), ((M, 2.0), {})],
    np.outer: [((V, W), {}), ((M, V), {})],
    np.linalg.outer: [((V, W), {})],
    np.kron: [((M, N), {}), ((V, M), {})],
    np.tensordot: [
        ((M, N, 1), {}),
        ((C, C), {"axes": ([0, 1], [0, 1])}),
        ((V, W, 0), {}),
        ((M, M), {"axes": (1, 1)}),
    ],
    np.linalg.tensordot: [((M, N), {"axes": 1})],
    np.einsum: [
        (("ij,jk->ik", M, N), {}),
        ((M, [0, 1], N, [1, 2], [0, 2]), {}),
        ((S, [0, 0]), {}),
        ((C, [..., 0, 1], [..., 1, 0]), {"optimize": True}),
    ],
    np.cross: [
        ((S, S + 1), {}),
        ((S, S[0]), {}),
        ((S, S + 1), {"axisa": 0, "axisb": 0, "axisc": 0}),
    ],
    np.linalg.cross: [((S, S + 1), {}), ((S, S + 1), A0)],
    np.linalg.norm: [
        ((M,), {}),
        ((V, 1), {}),
        ((V, 3), {}),
        ((V, np.inf), {}),
        ((V, -np.inf), {}),
        ((M, "fro"), {}),
        ((M, 1), {}),
        ((M, -1), {}),
        ((M, np.inf), {}),
        ((M, -np.inf), {}),
        ((M, None, 0), {}),
        ((M,), {"ord": 2, **A1, **K}),
        ((M,), {"ord": np.inf, **A1, **K}),
        ((C, 1, (1, 2)), {}),
        ((C, np.inf), {"axis": (0, 2), **K}),
        ((C,), {"axis": (0, 2)}),
        ((M, -1.5, 1), {}),
    ],
    np.linalg.matrix_norm: [((C,), {}), ((C,), {"ord": 1, **K})],
    np.linalg.vector_norm: [
        ((M,), {}),
        ((M,), {**A0, "ord": 1}),
        ((M,), {**K, "axis": 1}),
        ((M,), K),
    ],
    np.linalg.solve: [((S, S[:, :2]), {}), ((S, V[:3]), {}), ((B, S[:, :1]), {})],
    np.linalg.inv: [((S,), {}), ((B,), {})],
    np.linalg.det: [((S,), {}), ((B,), {}), ((ONE,), {})],
    np.linalg.slogdet: [((S,), {}), ((-B,), {})],
    np.linalg.cholesky: [((P,), {})],
    np.linalg.matrix_power: [((S, 3), {}), ((S, 0), {}), ((S, -2), {})],
    np.linalg.multi_dot: [(([M, N, N.T],), {})],
    np.linalg.matmul: [((M, N), {})],
    np.linalg.vecdot: [((M, M + 1), {})],
    np.linalg.diagonal: [((C,), {}), ((C,), {"offset": 1})],
    np.linalg.trace: [((C,), {}), ((C,), {"offset": 1})],
    np.linspace: [
        ((0.5, V), {}),
        ((V, W, 5), {}),
        ((V, 1.0, 4, False), {}),
        ((V, W), {"num": 3, "axis": 1}),
    ],
    np.gradient: [((V,), {}), ((M,), {}), ((M, 0.5), {"axis": 1}), ((M, 0.5, 2.0), {})],
    np.shape: [((M,), {})],
    np.ndim: [((M,), {})],
    np.size: [((M,), {}), ((M, 1), {})],
    np.zeros_like: [((M,), {})],
    np.ones_like: [((M,), {})],
    np.empty_like: [((0 * M,), {})],
}
PLAIN_CALLS: dict[Any, list[Call]] = {
    **dict.fromkeys((np.argmax, np.argmin, np.nanargmax, np.nanargmin), PLACES),
    np.argsort: [((M,), {}), ((M, 0), {})],
    np.argpartition: [((np.sort(M), 1), {})],
    np.searchsorted: [((np.sort(V), 0.1), {}), ((np.sort(V), W, "right"), {})],
    np.digitize: [((V, np.array([0.0, 1.0])), {})],
    np.lexsort: [(((V, W),), {})],
    np.any: [((M,), {}), ((M, 0), {})],
    np.all: [((M,), {}), ((M, 0), {})],
    np.round: [((M,), {}), ((M, 2), {})],
    np.around: [((M, 1), {})],
    **dict.fromkeys((np.allclose, np.isclose, np.array_equal, np.array_equiv, np.isin), TWICE),
}


def lifted(x: Any) -> Any:
    """Float arrays as Tensors, in lists and tuples too."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(lifted, x))
    return Tensor(x) if isinstance(x, np.ndarray) and x.dtype == float and x.ndim else x


def lowered(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [lowered(y) for y in x]
    return x.data if isinstance(x, Node) else x


def forms(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Iterator[Call]:
    """The same call with more or fewer of its arguments given by name."""
    signature = inspect.signature(function)
    bound = signature.bind(*args, **options)
    parameters = signature.parameters
    given = list(bound.arguments)
    if any(parameters[n].kind in (2, 4) for n in given):  # *args and **options
        yield args, options
        return
    for split in range(len(given) + 1):
        first, rest = given[:split], given[split:]
        if any(parameters[n].kind is inspect.Parameter.KEYWORD_ONLY for n in first) or any(
            parameters[n].kind is inspect.Parameter.POSITIONAL_ONLY for n in rest
        ):
            continue
        if given[:split] == list(parameters)[:split]:
            yield tuple(bound.arguments[n] for n in first), {n: bound.arguments[n] for n in rest}


def flat(x: Any) -> list[Any]:
    return [z for y in x for z in flat(y)] if isinstance(x, (list, tuple)) else [x]


def cases(calls: dict[Any, list[Call]]) -> list[Any]:
    return [
        pytest.param(function, args, options, id=f"{function.__name__}-{i}")
        for function, several in calls.items()
        for i, (args, options) in enumerate(several)
    ]


@pytest.mark.parametrize(("function", "args", "options"), cases({**CALLS, **PLAIN_CALLS}))
def test_every_form_of_a_call_gives_numpy_s_answer(function, args, options) -> None:
    wanted = function(*args, **options)
    for positional, named in forms(function, args, options):
        nodes = lifted(list(positional)), {n: lifted(x) for n, x in named.items()}
        found = function(*nodes[0], **nodes[1])
        assert len(flat(found)) == len(flat(wanted)) if isinstance(wanted, (list, tuple)) else True
        for mine, theirs in zip(flat(found), flat(lowered(wanted)), strict=True):
            mine = lowered(mine)
            if function is np.empty_like:  # of any numbers
                mine = mine * 0 + theirs
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)
            assert np.shape(mine) == np.shape(theirs)


@pytest.mark.parametrize(("function", "args", "options"), cases(CALLS))
def test_gradients_are_right(function, args, options) -> None:
    nodes = [
        x
        for x in flat([lifted(list(args)), list(map(lifted, options.values()))])
        if isinstance(x, Node)
    ]
    made = flat(function(*lifted(list(args)), **{n: lifted(x) for n, x in options.items()}))
    if not any(isinstance(x, Node) and x.op is not None and x.op.vjps != (None,) for x in made):
        assert function in (
            np.real,
            np.real_if_close,
            np.atleast_1d,
            np.atleast_2d,
            np.atleast_3d,
            np.shape,
            np.ndim,
            np.size,
            np.zeros_like,
            np.ones_like,
            np.empty_like,
            np.full_like,
        )
        return
    raw = [node.data for node in nodes]
    kept = [x for x in raw if not np.isnan(x).any()]
    holed = len(kept) < len(raw)

    def total(*inputs: Any) -> Any:
        given = iter(inputs)

        def put(x: Any) -> Any:
            if isinstance(x, (list, tuple)):
                return type(x)(map(put, x))
            return next(given) if isinstance(x, np.ndarray) and x.dtype == float and x.ndim else x

        out = flat(function(*put(list(args)), **{n: put(x) for n, x in options.items()}))
        return sum((np.cos(x) * (i + 1)).sum() for i, x in enumerate(out) if isinstance(x, Node))

    if function in (np.quantile, np.percentile) or holed:
        gradient = autograd.grad(total(*nodes), nodes[0])
        assert np.isfinite(gradient).all() and (gradient[np.isnan(nodes[0].data)] == 0).all()
        return
    if function is np.linalg.cholesky:
        check_grads(lambda x: total(x @ x.T), Tensor(S), order=2)
        return
    check_grads(total, *nodes)


def test_no_function_is_forgotten() -> None:
    assert set(FUNCTIONS) == set(CALLS)


DEFAULTS = {
    "out": np.zeros(1),
    "dtype": np.float32,
    "where": False,
    "casting": "unsafe",
    "order": "F",
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_what_is_not_supported_is_refused_by_its_name(function) -> None:
    args, options = CALLS[function][0]
    signature = inspect.signature(function)
    adapter = FUNCTIONS[function]
    taken = (
        set(adapter.params)
        if isinstance(adapter, autograd.Primitive)
        else set(inspect.signature(adapter).parameters)
    )
    for name, parameter in signature.parameters.items():
        if parameter.default is inspect.Parameter.empty or name in taken:
            continue
        if name in list(signature.parameters)[: len(args)]:
            continue
        value = DEFAULTS.get(name, 7.5)
        with pytest.raises(TypeError, match=rf"np\.(linalg\.)?\w+: {name}= is not supported"):
            function(*lifted(list(args)), **{**options, name: value})


@pytest.mark.parametrize(
    "ufunc", [*UFUNCS, *(f for f in PLAIN if isinstance(f, np.ufunc))], ids=lambda f: f.__name__
)
def test_ufuncs(ufunc) -> None:
    low, high = (1.1, 2.9) if ufunc is np.arccosh else (0.1, 0.9)
    x, y = (rng.uniform(low, high, (3, 3)) for _ in range(2))
    args = (x,) if ufunc.nin == 1 else (x, y)
    wanted = ufunc(*args)
    for nodes in (
        list(map(Tensor, args)),
        [Tensor(args[0]), *args[1:]],
        [*args[:-1], Tensor(args[-1])],
    ):
        found = ufunc(*nodes)
        np.testing.assert_allclose(lowered(found), wanted, rtol=1e-13)
        assert isinstance(found, Node) is (ufunc in UFUNCS)
    with pytest.raises(TypeError, match=rf"np\.{ufunc.__name__}: out= is not supported"):
        ufunc(*map(Tensor, args), out=np.zeros((3, 3)))
    if ufunc.signature is None:
        with pytest.raises(TypeError, match=rf"np\.{ufunc.__name__}: where= is not supported"):
            ufunc(*map(Tensor, args), where=np.zeros((3, 3), bool))
        ufunc(*map(Tensor, args), where=True)
    if ufunc.nin == 2 and ufunc.signature is None:
        for method in ("reduce", "accumulate"):
            with pytest.raises(
                TypeError, match=rf"np\.{ufunc.__name__}\.{method} is not supported"
            ):
                getattr(ufunc, method)(Tensor(x))
        with pytest.raises(TypeError, match=r"\.outer is not supported"):
            ufunc.outer(Tensor(x), y)
    if ufunc in UFUNCS and ufunc not in (np.sign, np.floor, np.ceil, np.isfinite):
        check_grads(lambda *xs: np.sum(ufunc(*xs) * 1.5), *map(Tensor, args))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.sum(t, 0, float), r"np\.sum: dtype= is not supported on nodes"),
        (lambda t: np.linalg.norm(t, "nuc"), "ord='nuc' of matrices is not supported"),
        (lambda t: np.linalg.norm(t[0], 0), "ord=0 of vectors is not supported"),
        (lambda t: np.linalg.norm(Tensor(C), 1), "one axis, or the two of matrices"),
        (lambda t: np.pad(t, 1, "linear_ramp"), "mode='linear_ramp' is not supported"),
        (lambda t: np.average(t, weights=V), "weights= must have the shape of a"),
        (lambda t: np.gradient(t[0], V), "one number for the spacing"),
        (lambda t: np.squeeze(t, 0), "only axes of size 1"),
        (lambda t: np.moveaxis(t, [0, 1], [0]), "as many axes"),
        (lambda t: np.meshgrid(t, indexing="no"), "indexing must be"),
        (lambda t: np.diag(Tensor(C)), "a vector or a matrix"),
        (lambda t: np.split(t, 3, 1), "does not split into 3 equal parts"),
        (lambda t: np.tensordot(t, t, ([0, 1], [0])), "as many axes of each"),
        (lambda t: np.cross(t[:, :2], t[:, :2]), "must have 3 elements"),
        (lambda t: np.select([t.data > 0], [t, t]), "as many conditions"),
        (lambda t: np.linalg.svd(t), "singular values"),
        (lambda t: np.argmax(t, keepdims=True), r"np\.argmax: keepdims= is not supported"),
        (lambda t: np.linalg.solve(t, t), "must be square"),
        (lambda t: np.linalg.solve(Tensor(S), Tensor(N)), "right sides"),
        (lambda t: np.linalg.inv(Tensor(np.zeros((2, 2)))), "Singular matrix"),
        (lambda t: autograd.solve(Tensor(B), Tensor(rng.normal(size=(5, 3, 1)))), "batch axes"),
        (lambda t: autograd.sorted_by(t, t[0]), "must agree"),
        (lambda t: autograd.quantile(t, 1.5), "q must lie from 0 to 1"),
        (lambda t: autograd.interp(t, [1.0, 2.0], [1.0]), "of one shape"),
    ],
)
def test_refusals_and_errors_say_what_is_wrong(call, message) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(Tensor(M))


def test_numbers_within_lists_leave_too() -> None:
    from autograd.tape import Guards

    with Guards(), pytest.warns(UserWarning, match=r"was read as \.data"):
        np.lexsort((Tensor(V), Tensor(W)))
    t = Tensor(V)
    with Guards() as guards:
        largest = np.argmax(t, 0)
    assert largest == V.argmax() and str(guards.found[0]).startswith("np.argmax(")


def test_upper_cholesky_and_singular_scalars() -> None:
    np.testing.assert_allclose(np.linalg.cholesky(Tensor(P), upper=True), np.linalg.cholesky(P).T)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        autograd.inv(autograd.as_values(np.zeros((2, 2))))
    swapped = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert autograd.det(autograd.as_values(swapped)) == -1.0


def test_tensors_have_numpy_s_methods() -> None:
    t, x = Tensor(M), M
    for name in (
        "ravel",
        "flatten",
        "copy",
        "squeeze",
        "trace",
        "diagonal",
        "argmax",
        "argmin",
        "argsort",
        "nonzero",
        "any",
        "all",
        "round",
        "ptp",
        "conj",
    ):
        wanted = np.ptp(x) if name == "ptp" else getattr(x, name)()
        np.testing.assert_allclose(lowered(getattr(t, name)()), wanted)
    np.testing.assert_allclose(t.swapaxes(0, 1), x.T)
    np.testing.assert_allclose(t.repeat(2, axis=0), x.repeat(2, 0))
    np.testing.assert_allclose(t.take([1], axis=1), x.take([1], 1))
    assert t.real is t and x[0, 0] in t and [row.shape for row in t] == [(4,)] * 3
    with pytest.raises(TypeError, match=r"np\.where"):
        t[0] = 1.0
    np.testing.assert_array_equal(np.asarray([1.0]), [1.0])
    with pytest.raises(TypeError, match=r"np\.stack"):
        np.array([t, t])
