"""`record_lines`: every node knows the line of the user's program that made it."""

import linecache
import os
import sys
from typing import NamedTuple

from autograd import Node, Observer, observing
from autograd.core.callers import is_library, users_frame
from autograd.core.modes import Held, bare


def end_in_own_code(error: BaseException) -> None:
    """Let the traceback of `error` end where the user's code called the library."""
    here, last = error.__traceback__, None
    while here is not None:
        if not is_library(here.tb_frame.f_code.co_filename):
            last = here
        here = here.tb_next
    if last is not None:
        last.tb_next = None


class SourceLine(NamedTuple):
    """A line of a file or of a notebook's cell; its text is read when it is asked for."""

    file: str
    number: int

    @property
    def where(self) -> str:
        """The place as people name it: `train.py:12`, or `In[3], line 2` in a notebook."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        cell = shell and shell.compile.format_code_name(self.file)
        if cell:
            return f"{cell[1]}, line {self.number}"
        file = self.file
        if os.path.isabs(file) and file.startswith(os.getcwd() + os.sep):
            file = os.path.relpath(file)
        return f"{file}:{self.number}"

    @property
    def text(self) -> str:
        """What stands there, or nothing where the source is gone."""
        return linecache.getline(self.file, self.number).strip()

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.text else self.where


class _LineRecorder(Observer):
    def recorded(self, node: Node) -> None:
        frame = users_frame()
        node.line = frame and SourceLine(frame.f_code.co_filename, frame.f_lineno)

    def created(self, leaf: Node) -> None:
        self.recorded(leaf)


@bare
def record_lines() -> Held[None]:
    """Within it every new node, leaves included, gets the `SourceLine` that made it as `.line`.

    Lines inside this library are skipped: a layer's nodes name the line that called the layer.

    >>> from autograd import Value
    >>> with record_lines():
    ...     a = Value(2.0)
    ...     b = (a * a).exp()
    >>> a.line.number, b.line.number, b.line.text
    (2, 3, 'b = (a * a).exp()')
    """
    return observing(_LineRecorder())
