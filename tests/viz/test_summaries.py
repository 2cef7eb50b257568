"""`tree` and `summary`: what a model is made of, and what it costs."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor
from autograd.viz import summary, tree
from nets import MLP, Linear, Sequential

RNG = np.random.default_rng(0)


class Twice(Linear):
    """A layer that runs its inner one two times."""

    def __init__(self) -> None:
        super().__init__(3, 3, rng=RNG)
        self.inner = Linear(3, 3, bias=False, rng=RNG)
        self.unused = Linear(1, 1, rng=RNG)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.inner(self.inner(x)))


@given(st.lists(st.integers(1, 8), min_size=2, max_size=5), st.integers(1, 6))
def test_counts_are_those_of_the_formula(widths: list[int], batch: int) -> None:
    rows = summary(MLP(*widths, rng=RNG), np.zeros((batch, widths[0]))).rows
    pairs = [*pairwise(widths)]
    assert [row.parameters for row in rows[1:]] == [n * m + m for n, m in pairs]
    assert [row.multiply_adds for row in rows[1:]] == [batch * n * m for n, m in pairs]
    assert rows[0].parameters == sum(row.parameters for row in rows[1:])
    assert rows[0].multiply_adds == sum(batch * n * m for n, m in pairs)
    assert rows[0].output == f"{batch}×{widths[-1]}"


def test_a_scalarized_model_counts_the_same() -> None:
    model, x = MLP(3, 4, 2, rng=RNG), np.ones(3)
    for row, small in zip(summary(model, x).rows, summary(model.scalarize(), x).rows, strict=True):
        assert (row.parameters, row.multiply_adds) == (small.parameters, small.multiply_adds)


def test_a_module_that_runs_twice_costs_twice_and_an_unused_one_nothing() -> None:
    rows = {row.path: row for row in summary(Twice(), np.zeros((1, 3))).rows}
    assert rows["inner"].multiply_adds == 18
    assert rows[""].multiply_adds == 27
    assert (rows["unused"].output, rows["unused"].multiply_adds) == (None, None)


def test_the_model_is_left_as_it_was() -> None:
    class Witness(Linear):
        def forward(self, x: Tensor) -> Tensor:
            modes.append(self.training)
            return super().forward(x)

    modes: list[bool] = []
    model = Sequential(Witness(2, 3, rng=RNG), Linear(3, 1, rng=RNG).train())
    before = [dict(vars(module)) for _, module in model.named_modules()]
    summary(model, np.zeros((1, 2)))
    with pytest.raises(ValueError, match="inner dimensions"):
        summary(model, np.zeros((1, 7)))
    assert [dict(vars(module)) for _, module in model.named_modules()] == before
    assert modes == [False, False]


def test_html_is_the_text_in_cells() -> None:
    table = tree(MLP(2, 3, 1, rng=RNG))
    html = ElementTree.fromstring(table._repr_html_())
    cells = [cell.text for cell in html.iter() if cell.tag in ("th", "td")]
    assert cells == re.split(r"\s{2,}|\n", repr(table))
