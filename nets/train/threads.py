"""How many threads NumPy's matrix products take while a network is trained."""

from __future__ import annotations

import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

SMALL = (
    10_000_000  # multiplications a mini-batch and layer, up to which threads cost more than they do
)


def limited(threads: int | None, work: int) -> AbstractContextManager[Any]:
    """Within it matrix products run on so many `threads`.

    None is one for little `work` (multiplications), which takes longer on several threads, most of
    all on a machine that is busy; and NumPy's own number for more. Needs threadpoolctl.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}; leave it out to be decided")
    if threads is None and (work > SMALL or os.cpu_count() == 1):
        return nullcontext()
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        if threads is not None:
            raise ImportError(
                "threads= needs threadpoolctl: pip install gradwalk[training]"
            ) from None
        warnings.warn(
            "training so small a network on several threads can take ten times as long as on one; "
            "install threadpoolctl (pip install gradwalk[training]), or set the environment "
            "variable OPENBLAS_NUM_THREADS=1",
            stacklevel=3,
        )
        return nullcontext()
    return threadpool_limits(1 if threads is None else threads)
