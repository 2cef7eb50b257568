"""The table: every differentiable primitive, one row each, and the composites made of them.

A rule `lambda g, out, x, y: ...` gives the upstream gradient `g` times the local derivative of
`out = op(x, y)`. It is written in the table's own arithmetic, so the same rule runs on floats, on
arrays, on nodes (gradients of gradients) and on symbols (the formula a learner reads). Masks and
branches are primitives too (`heaviside`, `equal`, `where`): a recorded rule stays right on other
numbers. Broadcasting is undone in the walk, in no rule.

Where mathematics leaves a choice: relu′(0) = 0, |x|′(0) = 0, ties in `maximum`/`max` share the
gradient equally, the derivative of x**0 is 0 everywhere, and `clip` passes it on at its bounds.
Such a choice is good for one order: differentiated again, what depends on it is NaN, and warned of
(see `chosen` in `autograd.table.masks`, and `autograd.core.guesses`), as relu″(0), or |x²|″(0).
A branch that is not taken sends no NaN: see `settled` in `autograd.core.walk`.
Linear rows of whole arrays stand beside their adjoints.
"""
