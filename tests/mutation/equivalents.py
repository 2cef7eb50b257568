# ruff: noqa: E501 (a mutant is quoted as it is)
"""Mutants that no check can kill, since they compute the same: each with the reason.

The audit fails for a survivor that does not stand here, and for an entry that is killed after all.
"""

from __future__ import annotations

# reason: the mutants, as the audit prints them, without their module
REVIEWED: dict[str, tuple[str, ...]] = {
    "while a mutant is planted nothing takes a shortcut": (
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if False: (branch never taken)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if _swept(cotangents, None, False) is not None: (condition dropped)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if (accumulate or create_graph) and _swept(cotangents, None, False) is not None: (sign or negation dropped)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if not (accumulate and create_graph) and _swept(cotangents, None, False) is not None: (and for or)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if not create_graph and _swept(cotangents, None, False) is not None: (condition dropped)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if not accumulate and _swept(cotangents, None, False) is not None: (condition dropped)",
        "backward: if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None: → if not (accumulate or create_graph) and _swept(cotangents, None, True) is not None: (constant changed)",
    ),
    "settled from the start or after a NaN, the numbers are the same": (
        "_pulled: observed = bool(current_mode().observers) and (not create_graph) → observed = not create_graph (condition dropped)",
        "_pulled: observed = bool(current_mode().observers) and (not create_graph) → observed = current_mode().observers and (not create_graph) (call dropped)",
    ),
    "√x is 0 exactly where x is, and so is |x|; r is 0 exactly where x and y are": (
        "root[0]: g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), out) → g * marked((1 - equal(x, 0.0)) / (2 * (out + equal(out, 0.0))), out) (wrong variable)",
        "root[0]: g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), out) → g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(x, 0.0))), out) (wrong variable)",
        "root[0]: g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), out) → g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), x) (wrong variable)",
        "abs[0]: chosen(g, sign(x), x, 0.0) → chosen(g, sign(x), out, 0.0) (wrong variable)",
        "arctan2[0]: chosen(g, direction(x, y) / distance(x, y), hypot(x, y), 0.0) → chosen(g, direction(x, y) / distance(x, y), hypot(x, out), 0.0) (wrong variable)",
        "arctan2[1]: chosen(-g, direction(y, x) / distance(x, y), hypot(x, y), 0.0) → chosen(-g, direction(y, x) / distance(x, y), hypot(x, out), 0.0) (wrong variable)",
    ),
    "0 is divided by it, or multiplied with it": (
        "lowered: return marked(pow(where(both, 1.0, x), y - 1), abs(x) + abs(y)) → return marked(pow(where(both, 2.0, x), y - 1), abs(x) + abs(y)) (constant changed)",
        "lowered: return marked(pow(where(both, 1.0, x), y - 1), abs(x) + abs(y)) → return marked(pow(where(both, -1.0, x), y - 1), abs(x) + abs(y)) (constant changed)",
        "lowered: return marked(pow(where(both, 1.0, x), y - 1), abs(x) + abs(y)) → return marked(pow(where(both, 1.001, x), y - 1), abs(x) + abs(y)) (constant changed)",
        "root[0]: g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), out) → g * marked((1 - equal(out, 0.0)) / (2 * (out - equal(out, 0.0))), out) (another operator)",
        "distance: return r + equal(r, 0.0) → return r - equal(r, 0.0) (another operator)",
    ),
    "a short cut past a mask that would be 0": (
        "lowered: if type(y) is float and y != 0: → if False: (branch never taken)",
        "lowered: if type(y) is float and y != 0: → if y is float and y != 0: (call dropped)",
    ),
    "the distance of (x, y) is that of (y, x), and of (x, −y)": (
        "arctan2[0]: chosen(g, direction(x, y) / distance(x, y), hypot(x, y), 0.0) → chosen(g, direction(x, y) / distance(y, x), hypot(x, y), 0.0) (arguments swapped)",
        "arctan2[1]: chosen(-g, direction(y, x) / distance(x, y), hypot(x, y), 0.0) → chosen(-g, direction(y, x) / distance(y, x), hypot(x, y), 0.0) (arguments swapped)",
        "direction[0]: g * direction(y, x) * direction(y, x) / distance(x, y) → g * direction(y, x) * direction(y, x) / distance(y, x) (arguments swapped)",
        "direction[1]: -g * out * direction(y, x) / distance(x, y) → -g * out * direction(y, x) / distance(y, x) (arguments swapped)",
        "arcsinh[0]: g / hypot(x, 1.0) → g / hypot(x, -1.0) (constant changed)",
    ),
    "the order of elements is locally constant": (
        "sort[0]: back = unsorted_by(g, x, axis=axis) → back = unsorted_by(g, stop_gradient(x), axis=axis) (raw data for a node)",
        "sort[0]: return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)) → return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(stop_gradient(out), axis), x, axis=axis), x, math.nan)) (raw data for a node)",
        "sort[0]: return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)) → return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), stop_gradient(x), axis=axis), x, math.nan)) (raw data for a node)",
        "sorted_by[0]: unsorted_by(g, x, axis=axis) → unsorted_by(g, stop_gradient(x), axis=axis) (raw data for a node)",
        "unsorted_by[0]: sorted_by(g, x, axis=axis) → sorted_by(g, stop_gradient(x), axis=axis) (raw data for a node)",
    ),
    "the matrices are square, and so is their gradient; its mask is applied twice": (
        "cholesky[0]: n = shape_of(a)[-1] → n = shape_of(g)[-1] (wrong variable)",
        "cholesky[0]: n = shape_of(a)[-1] → n = shape_of(out)[-1] (wrong variable)",
        "cholesky[0]: n = shape_of(a)[-1] → n = shape_of(a)[-2] (constant changed)",
        "cholesky[0]: half = lower - np.eye(n) / 2 → half = np.eye(n) / 2 - lower (operands swapped)",
    ),
    "an order that is known saves time, and nothing else": (
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) (branch always taken)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = None (branch never taken)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) if output.size >= 1 else None (another comparison)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) if output.size <= 1 else None (another comparison)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) if output.size > 2 else None (constant changed)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) if output.size > 0 else None (constant changed)",
        "jacobian: order = toposort(output) if output.size > 1 else None → order = toposort(output) if output.size > -1 else None (constant changed)",
        "jacobian: found = pullback({output: as_seed(output, seed)}, nodes, create_graph=False, order=order) → found = pullback({output: as_seed(output, seed)}, nodes, create_graph=False) (keyword dropped)",
        "walk_from: order = order or toposort(*cotangents) → order = toposort(*cotangents) (condition dropped)",
    ),
    "of four operands the last two": (
        "faults: at_kink = node.op is subgradient and np.equal(*raw_operands(node)[2:]).any() → at_kink = node.op is subgradient and np.equal(*raw_operands(node)[-2:]).any() (constant changed)",
    ),
    "at a bound the bound, x and the result are one": (
        "clip[0]: chosen(g, equal(x, out), x, lambda: where(equal(x, lo), lo, hi)) → chosen(g, equal(x, out), x, lambda: where(equal(out, lo), lo, hi)) (wrong variable)",
        "clip[0]: chosen(g, equal(x, out), x, lambda: where(equal(x, lo), lo, hi)) → chosen(g, equal(x, out), x, lambda: where(equal(x, lo), out, hi)) (wrong variable)",
        "clip[0]: chosen(g, equal(x, out), x, lambda: where(equal(x, lo), lo, hi)) → chosen(g, equal(x, out), x, lambda: where(equal(x, lo), x, hi)) (wrong variable)",
    ),
    "NaN stays NaN, and 0 stays 0": (
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return -where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) (negated)",
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return 0 * where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) (zero)",
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return 1.001 * where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) (scaled by 1.001)",
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return astype(where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0), dtype='float32') (rounded to float32)",
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return stop_gradient(where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0)) (cut from the graph)",
        "subgradient[2]: return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0) → return where(equal(x, y) * (equal(g, 0.0) - 1.0), math.nan, 0.0) (operands swapped)",
        "marked[1]: where(equal(x, 0.0), math.nan, 0.0) → -where(equal(x, 0.0), math.nan, 0.0) (negated)",
        "marked[1]: where(equal(x, 0.0), math.nan, 0.0) → 0 * where(equal(x, 0.0), math.nan, 0.0) (zero)",
        "marked[1]: where(equal(x, 0.0), math.nan, 0.0) → 1.001 * where(equal(x, 0.0), math.nan, 0.0) (scaled by 1.001)",
        "marked[1]: where(equal(x, 0.0), math.nan, 0.0) → astype(where(equal(x, 0.0), math.nan, 0.0), dtype='float32') (rounded to float32)",
        "marked[1]: where(equal(x, 0.0), math.nan, 0.0) → stop_gradient(where(equal(x, 0.0), math.nan, 0.0)) (cut from the graph)",
    ),
    "where there is no NaN nothing is settled, with or without a look": (
        "settled: if np.size(raw(contribution)) == 0 or not (isinstance(contribution, Node) or np.isnan(contribution).any()): → if np.size(raw(contribution)) == 0: (condition dropped)",
        "settled: if np.size(raw(contribution)) == 0 or not (isinstance(contribution, Node) or np.isnan(contribution).any()): → if np.size(contribution) == 0 or not (isinstance(contribution, Node) or np.isnan(contribution).any()): (call dropped)",
    ),
    "relu(x) > 0 exactly where x > 0": (
        "relu[0]: chosen(g, heaviside(x), x, 0.0) → chosen(g, heaviside(out), x, 0.0) (wrong variable)",
    ),
    "where is locally constant in its condition": (
        "where[1]: where(c, g, 0.0) → where(stop_gradient(c), g, 0.0) (raw data for a node)",
        "where[2]: where(c, 0.0, g) → where(stop_gradient(c), 0.0, g) (raw data for a node)",
    ),
    "of this operand only the shape is used": (
        "sum[0]: return broadcast_to(with_axes(g, x, axis, keepdims), shape=shape_of(x)) → return broadcast_to(with_axes(g, stop_gradient(x), axis, keepdims), shape=shape_of(x)) (raw data for a node)",
        "pad[0]: take(g, index=unpadded(x, width)) → take(g, index=unpadded(stop_gradient(x), width)) (raw data for a node)",
        "max[0]: return shared(with_axes(g, x, axis, keepdims), share, x, largest) → return shared(with_axes(g, stop_gradient(x), axis, keepdims), share, x, largest) (raw data for a node)",
        "max[0]: largest = with_axes(out, x, axis, keepdims) → largest = with_axes(out, stop_gradient(x), axis, keepdims) (raw data for a node)",
    ),
    "with keepdims the shape is that already, and reshaping to it changes nothing": (
        "with_axes: if keepdims or axis is None: → if axis is None: (condition dropped)",
    ),
    "the walk undoes broadcasting of what is sent, once more or for the first time": (
        "broadcast_to[0]: sum_to(g, shape=shape_of(x)) → g (call dropped)",
        "broadcast_to[0]: sum_to(g, shape=shape_of(x)) → sum_to(g, shape=shape_of(g)) (wrong variable)",
        "broadcast_to[0]: sum_to(g, shape=shape_of(x)) → sum_to(g, shape=shape_of(out)) (wrong variable)",
    ),
    "size, stride and dilation have one length": (
        "windows[0]: shape = shape_of(x)[-len(size):] → shape = shape_of(x)[-len(stride):] (wrong variable)",
        "windows[0]: shape = shape_of(x)[-len(size):] → shape = shape_of(x)[-len(dilation):] (wrong variable)",
        "overlap_add[0]: size = shape_of(x)[-len(shape):] → size = shape_of(x)[-len(stride):] (wrong variable)",
        "overlap_add[0]: size = shape_of(x)[-len(shape):] → size = shape_of(x)[-len(dilation):] (wrong variable)",
    ),
    "the upstream gradient has the shape of the result": (
        "cumsum[0]: axis = 0 if axis is None else normalize_axis_index(axis, g.ndim) → axis = 0 if axis is None else normalize_axis_index(axis, out.ndim) (wrong variable)",
        "concatenate: axis = normalize_axis_index(axis, out.ndim) → axis = normalize_axis_index(axis, g.ndim) (wrong variable)",
        "concatenate: return take(g, index=slices(out.ndim, axis, slice(start, start + shape_of(xs[i])[axis]))) → return take(g, index=slices(g.ndim, axis, slice(start, start + shape_of(xs[i])[axis]))) (wrong variable)",
        "stack: axis = normalize_axis_index(axis, out.ndim) → axis = normalize_axis_index(axis, g.ndim) (wrong variable)",
    ),
    "NumPy takes axes without an index whole; a negative repetition is an empty one": (
        "slices: return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1)) → return (*(slice(None),) * axis, part, *(slice(None),) * (1 - (ndim - axis))) (operands swapped)",
        "slices: return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1)) → return (*(slice(None),) * axis, part, *(slice(None),) * (axis - ndim - 1)) (operands swapped)",
        "slices: return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1)) → return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 2)) (constant changed)",
    ),
    "the walk gives what is sent the operand's shape": (
        "to_value[0]: broadcast_to(g, shape=shape_of(x)) → g (call dropped)",
        "to_value[0]: broadcast_to(g, shape=shape_of(x)) → broadcast_to(g) (keyword dropped)",
        "to_value[0]: broadcast_to(g, shape=shape_of(x)) → broadcast_to(g, shape=shape_of(g)) (wrong variable)",
        "to_value[0]: broadcast_to(g, shape=shape_of(x)) → broadcast_to(g, shape=shape_of(out)) (wrong variable)",
    ),
    "this rule does not use that operand's numbers": (
        "matmul[0]: g, x, y = as_matrices(g, x, y) → g, x, y = as_matrices(g, stop_gradient(x), y) (raw data for a node)",
        "matmul[1]: g, x, y = as_matrices(g, x, y) → g, x, y = as_matrices(g, x, stop_gradient(y)) (raw data for a node)",
    ),
    "for matrices the rest of the function changes nothing: it only takes longer": (
        "as_matrices: if x.ndim > 1 and y.ndim > 1: → if False: (branch never taken)",
        "as_matrices: if x.ndim > 1 and y.ndim > 1: → if x.ndim > 2 and y.ndim > 1: (constant changed)",
        "as_matrices: if x.ndim > 1 and y.ndim > 1: → if x.ndim > 1 and y.ndim > 2: (constant changed)",
    ),
    "a vector has no rows, so the slice is empty too; rows and batch are only ever used side by side": (
        "as_matrices: batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]) → batch, rows = (shape_of(g), shape_of(x)[-2:-1]) (branch never taken)",
        "as_matrices: batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]) → batch, rows = (shape_of(g), () if x.ndim == 0 else shape_of(x)[-2:-1]) (constant changed)",
        "as_matrices: batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]) → batch, rows = (shape_of(g), () if x.ndim == -1 else shape_of(x)[-2:-1]) (constant changed)",
        "as_matrices: batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]) → batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[:-1]) (bound dropped)",
        "as_matrices: batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]) → batch, rows = (shape_of(g), () if x.ndim == 1 else shape_of(x)[-3:-1]) (constant changed)",
    ),
    "NumPy infers a size of 1, or any, from a negative one": (
        "CallReplay.__call__: yield from np.transpose(outputs).reshape(-1, *self.shape) → yield from np.transpose(outputs).reshape(-2, *self.shape) (constant changed)",
        "as_matrices: g = reshape(g, shape=batch + (rows or (1,)) + (columns or (1,))) → g = reshape(g, shape=batch + (rows or (-1,)) + (columns or (1,))) (constant changed)",
        "as_matrices: g = reshape(g, shape=batch + (rows or (1,)) + (columns or (1,))) → g = reshape(g, shape=batch + (rows or (1,)) + (columns or (-1,))) (constant changed)",
        "as_matrices: x = x if x.ndim > 1 else reshape(x, shape=(1, -1)) → x = x if x.ndim > 1 else reshape(x, shape=(1, -2)) (constant changed)",
        "as_matrices: y = y if y.ndim > 1 else reshape(y, shape=(-1, 1)) → y = y if y.ndim > 1 else reshape(y, shape=(-2, 1)) (constant changed)",
    ),
    "what may vary is looked for only where it matters, which saves time, and nothing else": (
        "kinks: if not found.any(): → if False: (branch never taken)",
        "Guesses.sent: marked = NOWHERE if contribution is made else _settled(op, gradient, made) → marked = _settled(op, gradient, made) (branch never taken)",
        "_settled: if op.scalar is None or not found.any(): → if op.scalar is None: (condition dropped)",
        "Guesses.sent: if op.linear or not np.any(marked): → if op.linear: (condition dropped)",
        "propagate: if guesses is not None and isinstance(contribution, Node): → if guesses is not None: (condition dropped)",
    ),
    "a rule computes the same on nodes; to which number NaN is sent from there is all one": (
        "_passed: op, numbers = (node.op, [raw(x) for x in node.operands]) → op, numbers = (node.op, [x for x in node.operands]) (call dropped)",
        "Guesses.sent: gradient = gradient[old].sum() → gradient = gradient[old].mean() (mean for sum)",
    ),
    "where every path leads there, to find it out takes time, and nothing else": (
        "leading_to: if inputs.issuperset([node for node in order if node.op is None]): → if False: (branch never taken)",
        "leading_to: if inputs.issuperset([node for node in order if node.op is None]): → if inputs.issuperset([node for node in order]): (condition dropped)",
    ),
    "a list is searched as well as a set, only slower; the set is the function's own": (
        "leading_to: wanted = set(inputs) → wanted = inputs (call dropped)",
    ),
    "with nobody observing the wrapper tells nobody": (
        "walk_from: return observed(walk) if current_mode().observers else walk → return observed(walk) (branch always taken)",
    ),
    "rules() is what a row without variadic operands has in vjps": (
        "propagate: rules = () if op is None else op.rules(operands) if op.variadic else op.vjps → rules = () if op is None else op.rules(operands) (branch always taken)",
    ),
    "NaN reaches x from either side of the equation": (
        "sort[0]: return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)) → return chosen(back, 1.0, stop_gradient(x), lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)) (raw data for a node)",
        "sort[0]: return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)) → return chosen(back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), stop_gradient(x), math.nan)) (raw data for a node)",
    ),
    "no node is its own operand": (
        "propagate: if operand.index > node.index: → if operand.index >= node.index: (another comparison)",
    ),
    "without params there is nothing to pass": (
        "propagate: contribution = rule(*values, **params) if params else rule(*values) → contribution = rule(*values, **params) (branch always taken)",
    ),
    "np.float64 of an array is that array; with nodes nothing raises ArithmeticError": (
        "propagate: exact = [np.float64(x) if type(x) is float else x for x in values] → exact = [np.float64(x) for x in values] (branch always taken)",
    ),
    "a short cut: `sum_to` makes the same array of a number": (
        "Tensor.fitted: if isinstance(contribution, (np.generic, float)): → if False: (branch never taken)",
        "Tensor.fitted: contribution = np.asarray(contribution) → nothing (statement dropped)",
        "Tensor.fitted: contribution = np.asarray(contribution) → contribution = contribution (call dropped)",
    ),
    "a short cut: the general path below gives the same": (
        "replay_of: if not call.leaves or len(nodes) < (LARGE_SCALAR if is_scalar(nodes) else LARGE): → if len(nodes) < (LARGE_SCALAR if is_scalar(nodes) else LARGE): (condition dropped)",
        "propagate: if type(contribution) is not float or type(operand.raw) is not float: → if True: (branch always taken)",
        "propagate: if type(contribution) is not float or type(operand.raw) is not float: → if contribution is not float or type(operand.raw) is not float: (call dropped)",
        "propagate: if type(contribution) is not float or type(operand.raw) is not float: → if type(contribution) is not float or operand.raw is not float: (call dropped)",
        "Value.fitted: if type(contribution) is float or isinstance(contribution, Value): → if False: (branch never taken)",
        "Value.fitted: if type(contribution) is float or isinstance(contribution, Value): → if type(contribution) is float and isinstance(contribution, Value): (and for or)",
        "Value.fitted: if type(contribution) is float or isinstance(contribution, Value): → if isinstance(contribution, Value): (condition dropped)",
        "Value.fitted: if type(contribution) is float or isinstance(contribution, Value): → if type(contribution) is float: (condition dropped)",
        "Value.fitted: if type(contribution) is float or isinstance(contribution, Value): → if contribution is float or isinstance(contribution, Value): (call dropped)",
        "Tensor.fitted: if type(contribution) is np.ndarray: → if False: (branch never taken)",
        "Tensor.fitted: if type(contribution) is np.ndarray: → if contribution is np.ndarray: (call dropped)",
        "Tensor.fitted: if contribution.shape != shape: → if True: (branch always taken)",
        "Tensor.fitted: if not isinstance(contribution, Tensor) or contribution.shape != shape: → if True: (branch always taken)",
        "Tensor.fitted: if contribution.dtype != dtype: → if True: (branch always taken)",
        "sum_to_shape: if have[lead:] == shape: → if False: (branch never taken)",
        "sum_to_shape: if have[lead:] == shape: → if have[:] == shape: (bound dropped)",
    ),
    "() is the default": (
        "Value.fitted: return to_value(sum_to(contribution, shape=())) → return to_value(sum_to(contribution)) (keyword dropped)",
    ),
    "the list has one element": (
        "joined: return nodes[0] → return nodes[-1] (constant changed)",
        "grad: return results if isinstance(inputs, (list, tuple)) else results[0] → return results if isinstance(inputs, (list, tuple)) else results[-1] (constant changed)",
        "jacobian: return blocks if isinstance(inputs, (list, tuple)) else blocks[0] → return blocks if isinstance(inputs, (list, tuple)) else blocks[-1] (constant changed)",
        "hvp: return products if isinstance(inputs, (list, tuple)) else products[0] → return products if isinstance(inputs, (list, tuple)) else products[-1] (constant changed)",
        "jvp: return against(first, vectors_for(inputs, nodes, tangents), [seed])[0] → return against(first, vectors_for(inputs, nodes, tangents), [seed])[-1] (constant changed)",
        "hessian: return blocks if isinstance(inputs, (list, tuple)) else blocks[0][0] → return blocks if isinstance(inputs, (list, tuple)) else blocks[-1][0] (constant changed)",
        "hessian: return blocks if isinstance(inputs, (list, tuple)) else blocks[0][0] → return blocks if isinstance(inputs, (list, tuple)) else blocks[0][-1] (constant changed)",
    ),
    "as_seed refuses as well, in poorer words": (
        "vectors_for: if np.shape(vector) != node.shape: → if False: (branch never taken)",
    ),
    "as_seed made an array that nobody else holds": (
        "against: cotangents[gradient] = cotangents[gradient] + seed if gradient in cotangents else seed → cotangents[gradient] = iadd(cotangents[gradient], seed) if gradient in cotangents else seed (accumulated in place)",
    ),
    "np.asarray of a list is a new array too": (
        "jacobian: block = np.array(row, node.precision).reshape(output.shape + node.shape) → block = np.asarray(row, node.precision).reshape(output.shape + node.shape) (not copied)",
    ),
    "zip refuses as well, in poorer words": (
        "vectors_for: if len(given) != len(nodes): → if False: (branch never taken)",
    ),
    "zip and reshape refuse as well, in poorer words": (
        "sum_to_shape: if lead < 0 or any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): → if lead < 0 and any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): (and for or)",
        "sum_to_shape: if lead < 0 or any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): → if any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): (condition dropped)",
        "sum_to_shape: if lead < 0 or any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): → if lead < 0: (condition dropped)",
        "sum_to_shape: if lead < 0 or any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): → if lead < -1 or any((n not in (1, m) for n, m in zip(shape, have[lead:], strict=True))): (constant changed)",
    ),
    "np.add.at is right where nothing repeats too, only slower": (
        "scatter_into: if is_fancy(index): → if True: (branch always taken)",
        "scatter_into: if is_fancy(index): → if index: (call dropped)",
        "is_fancy: return any((isinstance(i, np.ndarray) and i.dtype != bool for i in index)) → return any((isinstance(i, np.ndarray) for i in index)) (condition dropped)",
    ),
    "NumPy refuses as well, in poorer words": (
        "view_windows: if np.ndim(x) < n or any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): → if False: (branch never taken)",
        "view_windows: if np.ndim(x) < n or any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): → if np.ndim(x) < n and any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): (and for or)",
        "view_windows: if np.ndim(x) < n or any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): → if any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): (condition dropped)",
        "view_windows: if np.ndim(x) < n or any((have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True))): → if np.ndim(x) < n: (condition dropped)",
    ),
    "NumPy takes a range as it takes a tuple": (
        "view_windows: view = sliding_window_view(x, spans, axis=tuple(range(-n, 0))) → view = sliding_window_view(x, spans, axis=range(-n, 0)) (call dropped)",
    ),
    "too few axes do not fit the shape either": (
        "add_windows: if np.ndim(x) < 2 * n: → if np.ndim(x) < 2 / n: (another operator)",
        "add_windows: if np.ndim(x) < 2 * n: → if np.ndim(x) < 2: (operand dropped)",
        "add_windows: if np.ndim(x) < 2 * n: → if np.ndim(x) < n: (operand dropped)",
        "add_windows: if np.ndim(x) < 2 * n: → if np.ndim(x) < 1 * n: (constant changed)",
    ),
    "a product with ones is only faster and more precise": (
        "sum_to_shape: if size == 1 or x.dtype == object: → if True: (branch always taken)",
    ),
    "tuples have no addition in place": (
        "add_windows: whole = x.shape[:-2 * n] + shape → whole = iadd(x.shape[:-2 * n], shape) (accumulated in place)",
    ),
    "only the order in memory differs": (
        "add_windows: out = np.full_like(x, 0.0, shape=whole + (1,) * n).reshape(whole) → out = np.full_like(x, 0.0, shape=whole).reshape(whole) (operand dropped)",
        "add_windows: out = np.full_like(x, 0.0, shape=whole + (1,) * n).reshape(whole) → out = np.full_like(x, 0.0, shape=whole + (1,)).reshape(whole) (operand dropped)",
    ),
    "the offset and the dilation are only ever multiplied": (
        "add_windows: places: Any = tuple((slice(o * d, o * d + s * (c - 1) + 1, s) for o, d, s, c in zip(offset, dilation, stride, counts, strict=True))) → places: Any = tuple((slice(o * d, o * d + s * (c - 1) + 1, s) for o, d, s, c in zip(dilation, offset, stride, counts, strict=True))) (arguments swapped)",
    ),
    "a frozen array is copied once more, that is all": (
        "frozen: if owner.flags.writeable: → if True: (branch always taken)",
    ),
    "an empty dict of its own, or the one that all share": (
        "new_node: node.op, node.params = (op, params or NO_PARAMS) → node.op, node.params = (op, params) (condition dropped)",
    ),
    "one and two operands have slots of their own only to be small: the tuple holds them as well": (
        "new_node: arity = len(operands) → arity = operands (call dropped)",
        "new_node: if arity == 2: → if False: (branch never taken)",
        "new_node: if arity == 2: → if arity == -2: (constant changed)",
        "new_node: if arity == 1: → if False: (branch never taken)",
        "new_node: if arity == 1: → if arity == 2: (constant changed)",
        "new_node: if arity == 1: → if arity == 0: (constant changed)",
        "new_node: if arity == 1: → if arity == -1: (constant changed)",
    ),
    "of one operand, or one rule, the first is the last": (
        "wrong_rule: where = written_at(node.op.vjps[0 if node.op.variadic else place]) → where = written_at(node.op.vjps[-1 if node.op.variadic else place]) (constant changed)",
        "parts: return [row.operands[0] if joined and row.op is reshape else row for row in rows] → return [row.operands[-1] if joined and row.op is reshape else row for row in rows] (constant changed)",
        "new_node: node.first, node.second = (operands[0], None) → node.first, node.second = (operands[-1], None) (constant changed)",
        "rules_of: rule = node.op.vjps[0 if node.op.variadic else i] → rule = node.op.vjps[-1 if node.op.variadic else i] (constant changed)",
        "Primitive.rules: if self.variadic and self.vjps[0] is not None: → if self.variadic and self.vjps[-1] is not None: (constant changed)",
        "Primitive.rules: return tuple((partial(self.vjps[0], i) for i in range(len(operands)))) → return tuple((partial(self.vjps[-1], i) for i in range(len(operands)))) (constant changed)",
    ),
    "a difference has the same size the other way round": (
        "Report.worst: apart = abs(finding.analytic - finding.numeric) → apart = abs(finding.numeric - finding.analytic) (operands swapped)",
        "broken_symmetries: if abs(one - other) > allowed: → if abs(other - one) > allowed: (operands swapped)",
    ),
    "no size is negative": (
        "compare_narrow: if not (apart <= FLOAT32_RTOL * (size + 0.1 * size.max(initial=0.0)) + rounding).all(): → if not (apart <= FLOAT32_RTOL * (size + 0.1 * size.max(initial=-1.0)) + rounding).all(): (constant changed)",
        "replay_of: rounding = 1e-12 * np.abs(real.raw).max(initial=0.0) → rounding = 1e-12 * np.abs(real.raw).max(initial=-1.0) (constant changed)",
    ),
    "the order tells a jump from a kink, and neither is a contradiction": tuple(
        f"contradicted: probe = Probe(subject, kind(*call), cotangent, 1, rtol) → probe = Probe(subject, kind(*call), cotangent, {order}, rtol) (constant changed)"
        for order in (2, 0, -1)
    ),
    "where no number is finite, none is compared with a tolerance": (
        "accumulation_fault: small = 1e-12 * sizes[np.isfinite(sizes)].max(initial=0.0) → small = 1e-12 * sizes[np.isfinite(sizes)].max(initial=-1.0) (constant changed)",
    ),
    "how far two numbers are apart does not depend on their order": (
        "surest_slope: if trials is NOISY_TRIALS and any((contradict(one, near) for near in found)): → if trials is NOISY_TRIALS and any((contradict(near, one) for near in found)): (arguments swapped)",
        "contradict: return abs(one.value - other.value) > TRUST * (one.error + other.error) → return abs(other.value - one.value) > TRUST * (one.error + other.error) (operands swapped)",
        "kink: sure = error <= rtol * change < np.inf and abs(left.value - right.value) > 2 * rtol * change → sure = error <= rtol * change < np.inf and abs(right.value - left.value) > 2 * rtol * change (operands swapped)",
        "judge: apart, allowed = (abs(analytic - numeric.value), max(rtol * size, atol)) → apart, allowed = (abs(numeric.value - analytic), max(rtol * size, atol)) (operands swapped)",
        "compare_narrow: size, apart = (np.abs(exact[name]), np.abs(gradient - exact[name])) → size, apart = (np.abs(exact[name]), np.abs(exact[name] - gradient)) (operands swapped)",
        "Probe.is_settled: if abs(analytic - found.value) > 10 * (allowed + TRUST * found.error): → if abs(found.value - analytic) > 10 * (allowed + TRUST * found.error): (operands swapped)",
        "additive: apart = abs(whole.numeric * whole.scale - sum((f.numeric * f.scale for f in parts))) → apart = abs(sum((f.numeric * f.scale for f in parts)) - whole.numeric * whole.scale) (operands swapped)",
        "Probe.opinion: clear = abs(analytic - numeric.value) > CLEAR * numeric.error → clear = abs(numeric.value - analytic) > CLEAR * numeric.error (operands swapped)",
        "Probe.one_sided: if abs(left.value - right.value) > TRUST * error: → if abs(right.value - left.value) > TRUST * error: (operands swapped)",
        "Probe.is_noise: spread = max(spread, abs(moved - analytic)) → spread = max(spread, abs(analytic - moved)) (operands swapped)",
        "Probe.opinion: numeric = nearest(phi, numeric, noise, abs(analytic - numeric.value)) → numeric = nearest(phi, numeric, noise, abs(numeric.value - analytic)) (operands swapped)",
        "nearest: beside = np.abs((right - left) / (2 * NEAREST) - found.value).max() → beside = np.abs(found.value - (right - left) / (2 * NEAREST)).max() (operands swapped)",
        "nearest: found = near if contradict(near, found) else found → found = near if contradict(found, near) else found (arguments swapped)",
    ),
    "of four the last but one is the third": (
        "stair: if beside[0] == beside[1] and beside[2] == beside[3]: → if beside[0] == beside[1] and beside[-2] == beside[3]: (constant changed)",
    ),
    "the way for infinite outputs is right for finite ones too, only slower": (
        "Probe.changes: if not np.isfinite(base).all(): → if True: (branch always taken)",
    ),
    "both ways add the same numbers to the same places, one is the quicker": (
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if True: (branch always taken)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if not row or any((not is_fancy((i,)) for i in index)): (condition dropped)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if np.size(x) < FEW or any((not is_fancy((i,)) for i in index)): (condition dropped)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if np.size(x) <= FEW or not row or any((not is_fancy((i,)) for i in index)): (another comparison)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if np.size(x) >= FEW or not row or any((not is_fancy((i,)) for i in index)): (another comparison)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if np.size(x) < FEW or row or any((not is_fancy((i,)) for i in index)): (sign or negation dropped)",
        "accumulate: if np.size(x) < FEW or not row or any((not is_fancy((i,)) for i in index)): → if np.size(x) < FEW or not row or any((is_fancy((i,)) for i in index)): (sign or negation dropped)",
    ),
    "a tuple holds the operands as well, at the price of an object": (
        "Node.operands: if 0 < len(operands) <= 2: → if False: (branch never taken)",
        "Node.operands: if 0 < len(operands) <= 2: → if 0 < len(operands) < 2: (another comparison)",
        "Node.operands: if 0 < len(operands) <= 2: → if 1 < len(operands) <= 2: (constant changed)",
        "Node.operands: if 0 < len(operands) <= 2: → if 0 < len(operands) <= 1: (constant changed)",
        "Node.operands: if 0 < len(operands) <= 2: → if 0 < len(operands) <= -2: (constant changed)",
    ),
    "the only operand is the last one too": (
        "Node.operands: self.first, self.second = operands if len(operands) == 2 else (operands[0], None) → self.first, self.second = operands if len(operands) == 2 else (operands[-1], None) (constant changed)",
    ),
    "a Tensor makes an array of a number itself": (
        "as_node: return HOLDERS[float](gradient) if type(gradient) is float else HOLDERS[np.ndarray](np.asarray(gradient)) → return HOLDERS[float](gradient) if type(gradient) is float else HOLDERS[np.ndarray](gradient) (call dropped)",
    ),
    "the nodes are read, not changed": (
        "listed: nodes = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs] → nodes = inputs if isinstance(inputs, (list, tuple)) else [inputs] (call dropped)",
    ),
    "no two nodes have the same index": (
        "reached: if youngest > results[-1].index and any((isinstance(x, Node) and x.index > node.index for node in results for x in node.operands)): → if youngest >= results[-1].index and any((isinstance(x, Node) and x.index > node.index for node in results for x in node.operands)): (another comparison)",
        "reached: if youngest > results[-1].index and any((isinstance(x, Node) and x.index > node.index for node in results for x in node.operands)): → if youngest > results[-1].index and any((isinstance(x, Node) and x.index >= node.index for node in results for x in node.operands)): (another comparison)",
    ),
    "the same, and slower": (
        "reached: if youngest > results[-1].index and any((isinstance(x, Node) and x.index > node.index for node in results for x in node.operands)): → if any((isinstance(x, Node) and x.index > node.index for node in results for x in node.operands)): (condition dropped)",
        "swept: if create_graph: → if True: (branch always taken)",
        "gradients_of: (op.step or step_of(op))(node, g) → step_of(op)(node, g) (condition dropped)",
    ),
    "a node compares as its number": (
        "gradients_of: if any((raw(g) != raw(g) for g in gradients.values())): → if any((g != raw(g) for g in gradients.values())): (call dropped)",
        "gradients_of: if any((raw(g) != raw(g) for g in gradients.values())): → if any((raw(g) != g for g in gradients.values())): (call dropped)",
    ),
    "what follows fails for a leaf as well": (
        "reached: if root.op is None: → if False: (branch never taken)",
    ),
    "vdot takes any array as a flat one, if by a copy": (
        "has_nan: flat = number.ravel(order='K') → flat = number (method dropped)",
        "has_nan: flat = number.ravel(order='K') → flat = number.ravel() (keyword dropped)",
    ),
    "NumPy's truth is one too": (
        "has_nan: return bool(number != number) → return number != number (call dropped)",
    ),
    "no slopes differ by more than an infinite change": (
        "kink: sure = error <= rtol * change < np.inf and abs(left.value - right.value) > 2 * rtol * change → sure = error <= rtol * change <= np.inf and abs(left.value - right.value) > 2 * rtol * change (another comparison)",
    ),
    "of a pair the second is the last; a sign is its own reciprocal": (
        "side_inside: sign, best = min(((sign, _side(phi, sign, noise)) for sign in (-1, 1)), key=lambda found: found[1].error) → sign, best = min(((sign, _side(phi, sign, noise)) for sign in (-1, 1)), key=lambda found: found[-1].error) (constant changed)",
        "side_inside: radii = [2 * sign * part * best.radius for part in OPINIONS] → radii = [2 / sign * part * best.radius for part in OPINIONS] (another operator)",
    ),
    "of two sorted numbers the upper one has the larger size only where it is positive": (
        "judge_kink: slack = max(rtol * max(abs(lo), abs(hi)), atol) + TRUST * max(left.error, right.error) → slack = max(rtol * max(abs(lo), hi), atol) + TRUST * max(left.error, right.error) (call dropped)",
    ),
    "what differs is not closer than less than nothing": (
        "broken_promises: if not np.allclose(g, second[name], rtol=subject.rounding, atol=0, equal_nan=True): → if not np.allclose(g, second[name], rtol=subject.rounding, atol=-1, equal_nan=True): (constant changed)",
    ),
    "the order tells a jump from a kink, and neither is wrong": (
        "failing: probe = Probe(Local(node), LocalCall({}, node), walked[node], 1, report.rtol) → probe = Probe(Local(node), LocalCall({}, node), walked[node], 2, report.rtol) (constant changed)",
        "failing: probe = Probe(Local(node), LocalCall({}, node), walked[node], 1, report.rtol) → probe = Probe(Local(node), LocalCall({}, node), walked[node], 0, report.rtol) (constant changed)",
        "failing: probe = Probe(Local(node), LocalCall({}, node), walked[node], 1, report.rtol) → probe = Probe(Local(node), LocalCall({}, node), walked[node], -1, report.rtol) (constant changed)",
    ),
    "along no direction, or an infinite one, nothing is wrong": (
        "failing: tangent = tangents.get(node.operands[i], np.zeros(0)) → tangent = tangents.get(node.operands[i], np.zeros(1)) (constant changed)",
        "failing: if tangent.any() and np.isfinite(tangent).all(): → if tangent.any(): (condition dropped)",
    ),
    "where all factors are alike, any of them stands for all": (
        "Probe.extent: if factors and np.allclose(factors, factors[0], atol=0) and (0 < abs(factors[0]) < math.inf): → if factors and np.allclose(factors, factors[-1], atol=0) and (0 < abs(factors[0]) < math.inf): (constant changed)",
        "Probe.extent: if factors and np.allclose(factors, factors[0], atol=0) and (0 < abs(factors[0]) < math.inf): → if factors and np.allclose(factors, factors[0], atol=0) and (0 < abs(factors[-1]) < math.inf): (constant changed)",
    ),
    "what was seen is what would be seen again, only sooner": (
        "Probe.outputs: if direction.size <= SMALL and (seen := self.seen.get((name, direction.tobytes(), ts.tobytes()))): → if (seen := self.seen.get((name, direction.tobytes(), ts.tobytes()))): (condition dropped)",
        "Probe.outputs: if direction.size <= SMALL and (seen := self.seen.get((name, direction.tobytes(), ts.tobytes()))): → if direction.size < SMALL and (seen := self.seen.get((name, direction.tobytes(), ts.tobytes()))): (another comparison)",
    ),
    "what is less than the least counts as that": (
        "alike: finite = np.where(np.isfinite(weights), weights, 0.0) → finite = np.where(np.isfinite(weights), weights, -1.0) (constant changed)",
    ),
    "a point near by is looked at only as long as there are no problems": (
        "Examination._look_near_by: report.problems += there.problems → report.problems = there.problems (overwritten, not accumulated)",
    ),
}

EQUIVALENT = {mutant: reason for reason, mutants in REVIEWED.items() for mutant in mutants}
