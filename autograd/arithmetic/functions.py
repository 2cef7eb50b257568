"""The table's rows and composites as functions, with the types that they have for users.

Each is the row or the composite itself, under its own name: what is added here is, for type
checkers, what it is called with and what it gives. Names that are Python's own (`abs`, `max`,
`min`, `pow`, `sum`) are meant.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, cast, overload

from numpy.typing import ArrayLike, DTypeLike

from autograd.arithmetic.tensor import Axis, Operand, Tensor
from autograd.arithmetic.value import Value
from autograd.core.node import Node
from autograd.core.numbers import Array
from autograd.core.primitive import Primitive
from autograd.table import (
    composites,
    contraction,
    elementwise,
    indexing,
    linalg,
    masks,
    products,
    reductions,
    shapes,
    sorting,
    statistics,
    transcendental,
)
from autograd.table import windows as sliding

N = TypeVar("N", bound=Node[Any])

# --- how they are called ----------------------------------------------------------------------


class OfOne(Protocol):  # elementwise, of one operand
    @overload
    def __call__(self, x: N, /) -> N: ...
    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: ArrayLike, /) -> Array: ...


class OfTwo(Protocol):  # elementwise, of two operands, which broadcast
    @overload
    def __call__(self, x: Value, y: Value | float, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, x: Node, y: Operand, /) -> Tensor: ...
    @overload
    def __call__(self, x: Operand, y: Node, /) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, y: ArrayLike, /) -> Array: ...


class OfMany(Protocol):  # elementwise, of any number of operands, which broadcast
    @overload
    def __call__(self, *xs: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *xs: Value | float) -> Value: ...
    @overload
    def __call__(self, *xs: Operand) -> Tensor: ...


class Choice(Protocol):  # one operand or the other
    @overload
    def __call__(self, c: Value | float, x: Value | float, y: Value | float, /) -> Value: ...
    @overload
    def __call__(self, c: Operand, x: Operand, y: Operand, /) -> Tensor: ...


class Bounded(Protocol):  # elementwise, between two bounds
    @overload
    def __call__(self, x: N, lo: float | None = ..., hi: float | None = ...) -> N: ...
    @overload
    def __call__(self, x: float, lo: float | None = ..., hi: float | None = ...) -> float: ...
    @overload
    def __call__(self, x: ArrayLike, lo: float | None = ..., hi: float | None = ...) -> Array: ...


class Over(
    Protocol
):  # a reduction over `axis`; None is all of them. Of raw arrays a number or an array
    @overload
    def __call__(self, x: Node, axis: Axis = ..., keepdims: bool = ...) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, axis: Axis = ..., keepdims: bool = ...) -> Any: ...


class Spread(Protocol):  # the same, with the degrees of freedom that are lost
    @overload
    def __call__(
        self, x: Node, axis: Axis = ..., ddof: int = ..., keepdims: bool = ...
    ) -> Tensor: ...
    @overload
    def __call__(
        self, x: ArrayLike, axis: Axis = ..., ddof: int = ..., keepdims: bool = ...
    ) -> Any: ...


class Along(Protocol):  # along `axis`, of the same shape
    @overload
    def __call__(self, x: Node, axis: Axis = ...) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, axis: Axis = ...) -> Array: ...


class Product(Protocol):  # a product of arrays
    @overload
    def __call__(self, x: Node, y: Operand, /) -> Tensor: ...
    @overload
    def __call__(self, x: Operand, y: Node, /) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, y: ArrayLike, /) -> Any: ...


class Contraction(Protocol):  # subscripts, and an operand for each of their terms
    @overload
    def __call__(self, subscripts: str, *operands: ArrayLike) -> Any: ...
    @overload
    def __call__(self, subscripts: str, *operands: Operand) -> Tensor: ...


class Arrangement(Protocol):  # of an array, by parameters
    @overload
    def __call__(self, x: Node, /, *parameters: Any, **named: Any) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, /, *parameters: Any, **named: Any) -> Any: ...


class Cast(Protocol):  # of another floating dtype
    @overload
    def __call__(self, x: N, dtype: DTypeLike = ...) -> N: ...
    @overload
    def __call__(self, x: ArrayLike, dtype: DTypeLike = ...) -> Any: ...


class Junction(Protocol):  # of operands one by one, or of a list of them
    @overload
    def __call__(self, xs: Sequence[Node], /, axis: int = ...) -> Tensor: ...
    @overload
    def __call__(self, *xs: Operand | Sequence[Any], axis: int = ...) -> Tensor: ...


class Square(Protocol):  # of square matrices
    @overload
    def __call__(self, a: Node, /) -> Tensor: ...
    @overload
    def __call__(self, a: ArrayLike, /) -> Any: ...


class Parts(Protocol):  # of square matrices, in two parts
    def __call__(self, a: Operand, /) -> linalg.SlogdetResult: ...


class Quantile(Protocol):  # a reduction over `axis`, by a number between two ends
    @overload
    def __call__(self, x: Node, q: ArrayLike, axis: Axis = ..., keepdims: bool = ...) -> Tensor: ...
    @overload
    def __call__(
        self, x: ArrayLike, q: ArrayLike, axis: Axis = ..., keepdims: bool = ...
    ) -> Any: ...


class Interpolation(Protocol):  # at x, between the points (xp, fp)
    @overload
    def __call__(self, x: Node, xp: Operand, fp: Operand) -> Tensor: ...
    @overload
    def __call__(self, x: ArrayLike, xp: ArrayLike, fp: ArrayLike) -> Any: ...


class Single(Protocol):  # of an array of one element
    def __call__(self, x: Tensor, /) -> Value: ...


# fmt: off
class RowOfOne(OfOne, Primitive): ...
class RowOfTwo(OfTwo, Primitive): ...
class RowOfMany(OfMany, Primitive): ...
class RowOfChoice(Choice, Primitive): ...
class RowBounded(Bounded, Primitive): ...
class RowOver(Over, Primitive): ...
class RowProduct(Product, Primitive): ...
class RowArrangement(Arrangement, Primitive): ...
class RowCast(Cast, Primitive): ...
class RowJunction(Junction, Primitive): ...
class RowSingle(Single, Primitive): ...
class RowSquare(Square, Primitive): ...
class RowAlong(Along, Primitive): ...
# fmt: on
# fmt: off


# --- the functions ----------------------------------------------------------------------------

neg           = cast(RowOfOne, elementwise.neg)
exp           = cast(RowOfOne, elementwise.exp)
log           = cast(RowOfOne, elementwise.log)
sqrt          = cast(RowOfOne, elementwise.sqrt)
root          = cast(RowOfOne, elementwise.root)
sin           = cast(RowOfOne, elementwise.sin)
cos           = cast(RowOfOne, elementwise.cos)
tanh          = cast(RowOfOne, elementwise.tanh)
log1p         = cast(RowOfOne, elementwise.log1p)
tan           = cast(RowOfOne, transcendental.tan)
arcsin        = cast(RowOfOne, transcendental.arcsin)
arccos        = cast(RowOfOne, transcendental.arccos)
arctan        = cast(RowOfOne, transcendental.arctan)
sinh          = cast(RowOfOne, transcendental.sinh)
cosh          = cast(RowOfOne, transcendental.cosh)
arcsinh       = cast(RowOfOne, transcendental.arcsinh)
arccosh       = cast(RowOfOne, transcendental.arccosh)
arctanh       = cast(RowOfOne, transcendental.arctanh)
log2          = cast(RowOfOne, transcendental.log2)
log10         = cast(RowOfOne, transcendental.log10)
exp2          = cast(RowOfOne, transcendental.exp2)
cbrt          = cast(RowOfOne, transcendental.cbrt)
hypot         = cast(RowOfTwo, transcendental.hypot)
direction     = cast(RowOfTwo, transcendental.direction)
arctan2       = cast(RowOfTwo, transcendental.arctan2)
expm1         = cast(RowOfOne, elementwise.expm1)
abs           = cast(RowOfOne, elementwise.abs)
erf           = cast(RowOfOne, elementwise.erf)
sigmoid       = cast(RowOfOne, elementwise.sigmoid)
softplus      = cast(RowOfOne, elementwise.softplus)
relu          = cast(RowOfOne, elementwise.relu)
sign          = cast(RowOfOne, masks.sign)
heaviside     = cast(RowOfOne, masks.heaviside)
floor         = cast(RowOfOne, masks.floor)
isfinite      = cast(RowOfOne, masks.isfinite)
stop_gradient = cast(RowOfOne, masks.stop_gradient)
add           = cast(RowOfTwo, elementwise.add)
sub           = cast(RowOfTwo, elementwise.sub)
mul           = cast(RowOfTwo, elementwise.mul)
div           = cast(RowOfTwo, elementwise.div)
mod           = cast(RowOfTwo, elementwise.mod)
pow           = cast(RowOfTwo, elementwise.pow)
marked        = cast(RowOfTwo, masks.marked)
subgradient   = cast(RowOfMany, masks.subgradient)
equal         = cast(RowOfTwo, masks.equal)
maximum       = cast(RowOfMany, elementwise.maximum)
minimum       = cast(RowOfMany, elementwise.minimum)
where         = cast(RowOfChoice, masks.where)
clip          = cast(RowBounded, elementwise.clip)
astype        = cast(RowCast, elementwise.astype)
sum           = cast(RowOver, reductions.sum)
max           = cast(RowOver, reductions.max)
broadcast_to  = cast(RowArrangement, reductions.broadcast_to)
sum_to        = cast(RowArrangement, reductions.sum_to)
reshape       = cast(RowArrangement, shapes.reshape)
transpose     = cast(RowArrangement, shapes.transpose)
take          = cast(RowArrangement, indexing.take)
scatter       = cast(RowArrangement, indexing.scatter)
pad           = cast(RowArrangement, indexing.pad)
cumsum        = cast(RowArrangement, indexing.cumsum)
windows       = cast(RowArrangement, sliding.windows)
overlap_add   = cast(RowArrangement, sliding.overlap_add)
concatenate   = cast(RowJunction, indexing.concatenate)
stack         = cast(RowJunction, indexing.stack)
to_value      = cast(RowSingle, reductions.to_value)
sort          = cast(RowAlong, sorting.sort)
sorted_by     = cast(RowProduct, sorting.sorted_by)
unsorted_by   = cast(RowProduct, sorting.unsorted_by)
cofactors     = cast(RowSquare, linalg.cofactors)
logabsdet     = cast(RowSquare, linalg.logabsdet)
signdet       = cast(RowSquare, linalg.signdet)
matmul        = cast(RowProduct, products.matmul)
solve         = cast(RowProduct, linalg.solve)
inv           = cast(RowSquare, linalg.inv)
det           = cast(RowSquare, linalg.det)
cholesky      = cast(RowSquare, linalg.cholesky)
slogdet       = cast(Parts, linalg.slogdet)
median        = cast(Over, statistics.median)
quantile      = cast(Quantile, statistics.quantile)
percentile    = cast(Quantile, statistics.percentile)
nansum        = cast(Over, statistics.nansum)
nanprod       = cast(Over, statistics.nanprod)
nanmean       = cast(Over, statistics.nanmean)
nanmax        = cast(Over, statistics.nanmax)
nanmin        = cast(Over, statistics.nanmin)
nanvar        = cast(Spread, statistics.nanvar)
nanstd        = cast(Spread, statistics.nanstd)
interp        = cast(Interpolation, statistics.interp)
square        = cast(OfOne, composites.square)
logsigmoid    = cast(OfOne, composites.logsigmoid)
sinc          = cast(OfOne, composites.sinc)
logaddexp     = cast(OfTwo, composites.logaddexp)
mean          = cast(Over, composites.mean)
min           = cast(Over, composites.min)
prod          = cast(Over, composites.prod)
logsumexp     = cast(Over, composites.logsumexp)
norm          = cast(Over, composites.norm)
var           = cast(Spread, composites.var)
std           = cast(Spread, composites.std)
softmax       = cast(Along, composites.softmax)
log_softmax   = cast(Along, composites.log_softmax)
cumprod       = cast(Along, composites.cumprod)
dot           = cast(Product, contraction.dot)
einsum        = cast(Contraction, contraction.einsum)
