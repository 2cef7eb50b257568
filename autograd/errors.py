"""Every exception and warning of the library, under one path.

Each is a subclass of the built-in that fits, so that code which knows nothing of us can catch it.
"""

from typing import Any


class StaleGraphError(RuntimeError):
    """A backward pass met a node that was recorded before one of its operands was rebound."""


class ExpressionError(ValueError):
    """The text is not an expression that can be differentiated."""


class BranchError(RuntimeError):
    """A replay met numbers for which the recorded code would have gone another way."""


class NonFiniteError(ArithmeticError):
    """An operation made a NaN or an infinity of numbers that were sound.

    Attributes:
        node: the result of the operation.
        operand: None in the forward pass; in the backward pass the index of the operand whose
            gradient it is, or -1 where contributions that were sound add up to it.
        place: the index of the first such element, () in a single number.
        operands: the operands' numbers at that element; whole where the operation mixes elements.
        upstream: the upstream gradient there (None in the forward pass).
        local: the local derivative there (None in the forward pass, or where elements mix).
    """

    def __init__(
        self,
        message: str,
        node: Any,
        place: tuple[int, ...],
        operands: tuple[Any, ...],
        operand: int | None = None,
        upstream: Any = None,
        local: Any = None,
    ) -> None:
        super().__init__(message)
        self.node, self.place, self.operands = node, place, operands
        self.operand, self.upstream, self.local = operand, upstream, local

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


class NoRenderer(RuntimeError):
    """Neither `dot` nor pygraphviz is there to make a picture."""


class GradientError(AssertionError):
    """A gradient check failed; `report` says where, by how much, and whose fault it is."""

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class VacuousCheckWarning(UserWarning):
    """A check passes whatever the gradient is."""
