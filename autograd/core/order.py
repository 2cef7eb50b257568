"""The topological order of a graph, and which of its nodes lead where."""

from operator import attrgetter

from autograd.core.node import Node

_by_index = attrgetter("index")


def toposort(*outputs: Node) -> list[Node]:
    """Every node that `outputs` were made from, operands before results, in recorded order.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> b = a * a + a
    >>> [node.op.name if node.op else node.label for node in toposort(b)]
    ['a', 'mul', 'add']
    """
    seen, stack = set(outputs), list(outputs)
    while stack:
        node = stack.pop()
        many = node.many
        for operand in (node.first, node.second) if many is None else many:
            if isinstance(operand, Node) and operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return sorted(seen, key=_by_index)


def leading_to(inputs: set[Node], order: list[Node]) -> set[Node] | None:
    """The nodes of `order` from which a path of operands leads to `inputs`; None: all of them."""
    if inputs.issuperset([node for node in order if node.op is None]):
        return None
    wanted = set(inputs)
    for node in order:
        for x in node.operands:
            if isinstance(x, Node) and x in wanted:
                wanted.add(node)
    return wanted
