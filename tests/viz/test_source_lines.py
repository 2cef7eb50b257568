"""`record_lines`: which line of the user's program made a node."""

from __future__ import annotations

import _thread
import asyncio
import copy
import inspect
from contextvars import copy_context
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

import autograd as ag
import nets
from autograd import Tensor, Value
from autograd.viz.tell.source_lines import SourceLine, record_lines


def here() -> int:
    return inspect.currentframe().f_back.f_lineno


def test_leaves_and_results_know_their_line() -> None:
    with record_lines():
        a = Value(2.0); first = here()  # fmt: skip # noqa: E702
        b = (
            a * a
        ).tanh(); second = here()  # fmt: skip # noqa: E702
    assert a.line.number == first
    assert second - 2 <= b.line.number <= second
    assert b.operands[0].line.number == second - 1
    assert Path(a.line.file) == Path(__file__)
    assert a.line.text.startswith("a = Value(2.0)")


def test_outside_nothing_is_recorded() -> None:
    with record_lines():
        pass
    assert Value(1.0).line is None
    assert (Tensor([1.0]) + 1).line is None


def test_composites_and_numpy_name_the_line_that_called_them() -> None:
    with record_lines():
        x = Tensor([1.0, 2.0])
        y = ag.softmax(x); line = here()  # fmt: skip # noqa: E702
        z = np.exp(x); after = here()  # fmt: skip # noqa: E702
        m = np.mean(x); last = here()  # fmt: skip # noqa: E702
    new = [node for node in ag.toposort(y) if node is not x]
    assert {node.line.number for node in new} == {line}
    assert z.line.number == after
    assert m.line.number == last


def test_a_layer_s_nodes_name_the_line_that_called_it() -> None:
    model = nets.MLP(2, 3, 1, rng=np.random.default_rng(0))
    with record_lines():
        y = model(np.ones(2)); line = here()  # fmt: skip # noqa: E702
    made = [node for node in ag.toposort(y) if node.op]
    assert {node.line for node in made} == {SourceLine(__file__, line)}


def test_what_no_line_of_a_program_made_has_none() -> None:
    with record_lines():
        context = copy_context()
    assert context.run(ag.tanh, Value(1.0)).line is not None
    found: SimpleQueue[ag.Node] = SimpleQueue()
    # a thread that runs nothing but the library and what is written in C
    work = map(found.put, map(ag.tanh, [Value(1.0)]))
    _thread.start_new_thread(context.run, (list, work))
    assert found.get(timeout=10).line is None


def test_a_gradient_with_its_graph_has_lines_too() -> None:
    x = Value(2.0)
    with record_lines():
        first = ag.grad(x**3, x, create_graph=True); line = here()  # fmt: skip # noqa: E702
    assert first.line.number == line


def test_a_copy_keeps_its_lines() -> None:
    with record_lines():
        y = Value(2.0) * 3
    assert copy.deepcopy(y).line == y.line


def test_a_file_is_named_relative_to_where_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    line = SourceLine(__file__, 1)
    assert line.where == "test_source_lines.py:1"
    first = '"""`record_lines`: which line of the user\'s program made a node."""'
    assert str(line) == f"test_source_lines.py:1: {first}"
    assert str(SourceLine("gone.py", 3)) == "gone.py:3"


def test_the_mode_ends_with_an_exception_and_stays_within_its_task() -> None:
    with pytest.raises(ZeroDivisionError), record_lines():
        raise ZeroDivisionError
    assert Value(1.0).line is None

    async def recording() -> bool:
        with record_lines():
            await asyncio.sleep(0)
            return Value(1.0).line is not None

    async def plain() -> bool:
        return Value(1.0).line is not None

    async def both() -> list[bool]:
        return await asyncio.gather(recording(), plain())

    assert asyncio.run(both()) == [True, False]


def test_a_cell_of_a_notebook_is_named_by_its_number() -> None:
    shells = pytest.importorskip("IPython.core.interactiveshell")
    code = (
        "from autograd import Value\n"
        "from autograd.viz import record_lines\n"
        "with record_lines():\n"
        "    a = Value(2.0)\n"
    )
    shell = shells.InteractiveShell.instance()
    try:
        shell.history_manager.enabled = False
        shell.run_cell("1", store_history=True)
        shell.run_cell(code, store_history=True).raise_error()
        line = shell.user_ns["a"].line
        assert str(line) == "In[2], line 4: a = Value(2.0)"
    finally:
        shells.InteractiveShell.clear_instance()
