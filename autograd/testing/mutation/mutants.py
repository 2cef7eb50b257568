"""Wrong versions of rules and of the engine: would your checks notice?"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from autograd import TABLE, Primitive, Tensor, Value
from autograd.arithmetic import quick
from autograd.core.modes import without_shortcuts
from autograd.testing.mutation.changes import Change, changes
from autograd.testing.mutation.engine import ENGINE, WRONG_VERSIONS
from autograd.testing.mutation.sources import Function, called, compiled, qualified, tree_of


@dataclass(eq=False)
class Mutant:
    """A function with one thing changed in its syntax tree, while `with mutant:` lasts.

    The changed code is put into the function itself, so that everybody who holds it runs that.

    >>> from autograd import Value, mul
    >>> negated = next(m for m in mutants(mul) if m.operator == "negated")
    >>> print(negated)
    mul[0]: g * y → -(g * y) (negated)
    >>> x = Value(3.0)
    >>> with negated:
    ...     (x * 2.0).backward()
    >>> x.grad
    -2.0
    """

    function: FunctionType
    code: CodeType
    target: str  # the function's name
    operator: str  # the kind of change
    change: str  # what was written, and what stands there now
    primitives: tuple[Primitive, ...] = ()  # to whose rules it belongs: none for the engine

    def __str__(self) -> str:
        return f"{self.target}: {self.change} ({self.operator})"

    def __repr__(self) -> str:
        return f"<mutant {self}>"

    def __enter__(self) -> Mutant:
        self._swap()
        shortcut = self.function.__module__ == quick.__name__
        self.way = nullcontext() if shortcut else without_shortcuts()
        self.way.__enter__()
        self.attributes = {face: set(vars(face)) for face in (Value, Tensor)}
        return self

    def __exit__(self, *_: object) -> None:
        self._swap()
        self.way.__exit__(None, None, None)
        for face, names in self.attributes.items():  # it may have taken a class for its instance
            for name in set(vars(face)) - names:
                delattr(face, name)

    def _swap(self) -> None:
        self.function.__code__, self.code = self.code, self.function.__code__


Target = Primitive | Callable[..., Any]


def mutants(of: Target | Iterable[Target] | None = None) -> list[Mutant]:
    """Wrong versions of a primitive's rules, of a function, or of several.

    Args:
        of: a primitive (its rules, and the functions of their module that they call), a function
            written in Python, or several of these; None is every row of the table and `ENGINE`.

    Raises:
        ValueError: the function's source is not to be found.

    >>> len(mutants(TABLE["add"])) > 5
    True
    """
    if of is None:
        of = (*TABLE.values(), *ENGINE)
    owners: dict[Function, list[Primitive]] = {}  # whose rules call the function
    rules: dict[Function, str] = {}
    for target in [of] if isinstance(of, Primitive) or callable(of) else of:
        if not isinstance(target, Primitive):
            owners.setdefault(target, [])
            continue
        for i, rule in enumerate(target.vjps):
            if rule is not None:
                rules.setdefault(rule, target.name + ("" if target.variadic else f"[{i}]"))
                for function in called(rule):
                    owners.setdefault(function, []).append(target)
    return [
        mutant
        for function, primitives in owners.items()
        for mutant in _mutated(function, rules.get(function), tuple(dict.fromkeys(primitives)))
    ]


def _mutated(
    function: FunctionType, rule: str | None, primitives: tuple[Primitive, ...]
) -> Iterator[Mutant]:
    """The mutants of one function; `rule` is its name if it is one."""
    tree, target = tree_of(function), rule or qualified(function)
    variables = tuple(a.arg for a in tree.args.args if a.arg != "i") if rule else ()
    modules = {n for n, held in function.__globals__.items() if isinstance(held, ModuleType)}
    params = {name for primitive in primitives for name in primitive.params}
    found = [*changes(tree, variables, modules, params)]
    found += _other_rules(primitives) if rule else ()
    seen, texts = {ast.unparse(tree)}, Counter[str]()
    for operator, change, changed in found:
        text = ast.unparse(changed)
        code = None if text in seen else compiled(changed, function)
        seen.add(text)
        if code is not None:
            texts[change] += 1
            again = f" #{texts[change]}" if texts[change] > 1 else ""
            yield Mutant(function, code, target, operator, change + again, primitives)
    for wrong in WRONG_VERSIONS.get(function, ()):
        yield Mutant(function, wrong.__code__, target, "another algorithm", wrong.__doc__ or "")


def _other_rules(primitives: tuple[Primitive, ...]) -> Iterator[Change]:
    for primitive in primitives:
        for i, rule in enumerate(primitive.vjps):
            if rule is not None:
                text = f"the rule → that of operand {i}"
                yield "rule of another operand", text, tree_of(rule)
