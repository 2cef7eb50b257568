"""`Module`: a function with parameters, and the tree that modules form.

A module's attributes are its tree: a `Tensor` is a parameter, a NumPy array a buffer (numbers that
are saved but not learned), and a `Module` a child. Lists, tuples and dicts of parameters and
modules, however nested, belong to it as well.
"""

from __future__ import annotations

import copy
import html
import inspect
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeGuard, cast, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

import autograd
from autograd import Tensor
from nets.layers.carriers import Numbers, Recorded, numbers


def _is_scalarized(x: object) -> TypeGuard[NDArray[Any]]:
    return isinstance(x, np.ndarray) and x.dtype == object


class Module:
    """A function with parameters. Subclasses set attributes and define `forward`.

    What is assigned to an attribute decides what it is: a `Tensor` or `Value` is a parameter
    (labelled with its name), a NumPy array a buffer, a `Module` a child, and a list, tuple or dict
    holds parameters and children; anything else is a plain setting, which `repr` shows where it is
    not the default.

    `steady = True` in the class's body (or after its bases) promises that `forward` only computes:
    `nets.fit` may replay it then. No subclass inherits it, since what that adds may do anything.

    >>> class Scale(Module):
    ...     def __init__(self, factor):
    ...         self.factor = autograd.Tensor(factor)
    ...
    ...     def forward(self, x):
    ...         return autograd.mul(x, self.factor)
    >>> scale = Scale([2.0, 3.0])
    >>> scale
    Scale(): 2 parameters
    >>> scale([1.0, 1.0])
    Tensor([2., 3.])
    >>> [p.label for p in scale.parameters()]
    ['factor']
    """

    training = True
    steady: ClassVar[bool] = False

    def __init_subclass__(cls, *, steady: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.steady = vars(cls).get("steady", steady)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; called by `module(...)`."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(self, ...)")

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        """What `forward` makes of it: a Tensor, where a parameter or a Tensor takes part."""
        trace = _trace.get()
        if trace is None:
            return self.forward(*inputs, **options)
        with trace.inside(self):
            return self.forward(*inputs, **options)

    # --- the tree -----------------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if isinstance(value, autograd.Node):
            value.label = name
        elif any(_parts(name, value)):
            for path, parameter in self.named_parameters():
                parameter.label = path

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, as (name, module), in order."""
        for name, value in vars(self).items():
            for path, part in _parts(name, value):
                if isinstance(part, Module):
                    yield path, part

    def named_modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        """This module (as "") and all modules inside it, as (path, module), parents first."""
        yield path, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{path}.{name}" if path else name)

    def _arrays(self) -> Iterator[tuple[str, Tensor | NDArray[Any]]]:
        """Every parameter and buffer as (path, Tensor or array), shared ones under each name."""
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                for inner, part in _parts(name, value):
                    if not isinstance(part, Module):
                        yield f"{path}.{inner}" if path else inner, part

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter once, as (path, node): `("layers.0.weight", Tensor)`.

        In a scalarized module each weight is a parameter: `("layers.0.weight[0,1]", Value)`.
        """
        seen = set()
        for path, value in self._arrays():
            elements: Iterable[tuple[str, Any]] = [(path, value)]
            if _is_scalarized(value):
                elements = (
                    (f"{path}[{','.join(map(str, place))}]", x)
                    for place, x in np.ndenumerate(value)
                )
            for name, x in elements:
                if isinstance(x, autograd.Node) and x not in seen:
                    seen.add(x)
                    yield name, cast("Tensor", x)  # a Value, where the model is scalarized: `Any`

    def parameters(self) -> list[Tensor]:
        """Every parameter once: what an optimiser is given."""
        return [parameter for _, parameter in self.named_parameters()]

    # --- saving and loading -------------------------------------------------------------------

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Copies of all parameters and buffers by path, under PyTorch's names."""
        return {path: np.array(numbers(value)) for path, value in self._arrays()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Take over parameters and buffers; any arrays will do, PyTorch's tensors among them.

        Raises:
            KeyError: names are missing or unknown.
            ValueError: a shape differs, or what was given is not real numbers. In either case
                nothing has changed.
        """
        mine = dict(self._arrays())
        missing, unknown = sorted(mine.keys() - state.keys()), sorted(state.keys() - mine.keys())
        if missing or unknown:
            raise KeyError(
                f"a state dict must have this module's names, got one without {missing} "
                f"and with the unknown {unknown}; build the module it was saved from"
            )
        arrays = {path: _plain(path, state[path]) for path in mine}
        for path, array in arrays.items():
            shape = mine[path].shape
            if array.shape != shape or array.dtype.kind not in "fiub":
                raise ValueError(
                    f"{path} must hold real numbers of shape {shape}, got dtype {array.dtype} and "
                    f"shape {array.shape}; build the module with the sizes it was saved with"
                )
        for path, array in arrays.items():
            target = mine[path]
            if _is_scalarized(target):
                for place, number in np.ndenumerate(array):
                    value: Any = target[place]
                    value.data = number
            elif isinstance(target, np.ndarray):
                target[...] = array
            else:
                target.data = array.astype(target.precision)

    # --- modes and resolutions ----------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Behave as in training (dropout drops, batch norm looks at the batch); returns self."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Behave as in use; returns self."""
        return self.train(False)

    def scalarize(self) -> Any:
        """The same network at the resolution of single numbers: every weight a `Value`.

        It takes raw arrays or object arrays of Values, and gives object arrays of Values; to type
        checkers it is `Any`, as its class promises Tensors.

        >>> from nets import Linear
        >>> layer = Linear(2, 1, bias=False, rng=np.random.default_rng(0))
        >>> layer.weight.data = [[2.0, 3.0]]
        >>> (y,) = layer.scalarize()([1.0, 10.0])
        >>> y
        Value(32.0)
        >>> [x.label for x in autograd.toposort(y) if x.label]
        ['weight[0,0]', 'weight[0,1]']
        """
        tensors = [x for _, x in self._arrays() if isinstance(x, Tensor)]
        return copy.deepcopy(self, {id(x): autograd.as_values(x.data, x.label) for x in tensors})

    def astype(self, dtype: DTypeLike) -> Self:
        """A copy whose parameters and buffers are float32, or float64 as every module's at first.

        >>> from nets import Linear
        >>> layer = Linear(2, 1, rng=np.random.default_rng(0)).astype(np.float32)
        >>> layer(np.ones(2, np.float32)).dtype
        dtype('float32')
        """
        copies: dict[int, Tensor | NDArray[Any]] = {}
        for _, x in self._arrays():
            if isinstance(x, Tensor):
                copies[id(x)] = Tensor(x.data.astype(dtype), x.label)
            elif x.dtype.kind == "f":
                copies[id(x)] = x.astype(dtype)
        return copy.deepcopy(self, copies)

    # --- showing ------------------------------------------------------------------------------

    def _settings(self) -> str:
        """The settings that are not the constructor's defaults, as `repr` shows them."""
        defaults = inspect.signature(type(self)).parameters
        shown = []
        for name, value in vars(self).items():
            tree = any(_parts(name, value))
            dull = name == "training" or isinstance(value, (NoneType, np.random.Generator))
            if not (tree or dull or (name in defaults and defaults[name].default == value)):
                shown.append(f"{name}={getattr(value, '__name__', None) or repr(value)}")
        return ", ".join(shown)

    def _lines(self, name: str = "", indent: str = "") -> Iterator[str]:
        size = sum(parameter.size for parameter in self.parameters())
        count = f"{size:,} parameter{'' if size == 1 else 's'}" if size else "no parameters"
        yield f"{indent}{name}{type(self).__name__}({self._settings()}): {count}"
        for name, child in self.named_children():
            yield from child._lines(f"{name}: ", indent + "  ")

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        """The same as a tree that opens."""
        return self._tree("", opened=True)

    def _tree(self, name: str, opened: bool = False) -> str:
        line = html.escape(next(self._lines(name)))
        inner = "".join(child._tree(f"{name}: ") for name, child in self.named_children())
        if not inner:
            return f'<div style="margin-left:2.2em">{line}</div>'
        state = ' open=""' if opened else ""
        return (
            f'<details{state} style="margin-left:1.2em"><summary>{line}</summary>{inner}</details>'
        )


def _parts(name: str, value: object, *, inside: bool = False) -> Iterator[tuple[str, Any]]:
    """The modules, parameters and buffers in one attribute, under the names PyTorch gives them.

    Within lists, tuples and dicts plain arrays are settings, as are the results of operations.
    """
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, autograd.Node):
        if not inside or value.op is None:
            yield name, value
    elif isinstance(value, np.ndarray):
        if not inside or _is_scalarized(value):
            yield name, value
    elif isinstance(value, (list, tuple, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _parts(f"{name}.{key}", item, inside=True)


def _plain(path: str, given: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # as PyTorch's bfloat16 does
        raise ValueError(
            f"{path} must be what NumPy can hold, got {type(given).__name__}: {error}; convert "
            f"it first, for example with .detach().float()"
        ) from error


class Parameterless(Module):
    """A module that leaves plain numbers plain: without parameters, only its input may be nodes."""

    if TYPE_CHECKING:

        @overload
        def __call__(self, x: Recorded, /) -> Recorded: ...
        @overload
        def __call__(self, x: Numbers, /) -> Any: ...
        def __call__(self, x: Any, /) -> Any: ...


# --- which module recorded which node ---------------------------------------------------------


class ModuleCall(NamedTuple):
    """The innermost module that was running: its path in the called model, and its class."""

    path: str
    kind: type[Module]


class _Trace(autograd.Observer):
    def __init__(self) -> None:
        self.nodes: dict[autograd.Node[Any], ModuleCall] = {}
        self.running: list[ModuleCall] = []
        self.paths: dict[Module, str] = {}  # in the model that was called

    @contextmanager
    def inside(self, module: Module) -> Iterator[None]:
        if not self.running:
            self.paths = {inner: path for path, inner in module.named_modules()}
        path = self.paths.get(module, type(module).__name__)
        self.running.append(ModuleCall(path, type(module)))
        try:
            yield
        finally:
            self.running.pop()

    def recorded(self, node: autograd.Node[Any]) -> None:
        if self.running:
            self.nodes[node] = self.running[-1]


_trace: ContextVar[_Trace | None] = ContextVar("nets_trace", default=None)


@contextmanager
def trace_modules() -> Iterator[dict[autograd.Node[Any], ModuleCall]]:
    """Within it, note for every node that is recorded which module's call made it.

    Yields:
        A dict, filled as modules run: node to `(path, kind)` of the innermost module, for example
        `("layers.0", Linear)`; the path of the model that was called itself is "".

    >>> from nets import MLP, trace_modules
    >>> model = MLP(2, 3, 1, rng=np.random.default_rng(0))
    >>> with trace_modules() as made_by:
    ...     y = model([1.0, 2.0])
    >>> for node in autograd.toposort(y):
    ...     if node in made_by:
    ...         print(node.op.name, made_by[node].path, made_by[node].kind.__name__)
    transpose layers.0 Linear
    matmul layers.0 Linear
    add layers.0 Linear
    relu  MLP
    transpose layers.1 Linear
    matmul layers.1 Linear
    add layers.1 Linear
    """
    trace = _Trace()
    token = _trace.set(trace)
    try:
        with autograd.observing(trace):
            yield trace.nodes
    finally:
        _trace.reset(token)
