"""Bands: what is computed on the way to a named result lies on one, below its law."""

import re

from autograd import Node
from autograd.viz.picture.shown import Shown
from autograd.viz.tell.derivation import Draft
from autograd.viz.walk.timeline import Timeline

LONGEST_LAW = 48  # characters; longer parts of it have a name of their own
_HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def laws(stepper: Timeline) -> dict[Node, str]:
    """How each result with a label is computed from what has a name before it.

    >>> from autograd import Value
    >>> x, w = Value(0.5, label="x"), Value(2.0, label="w")
    >>> y = ((x * w).tanh() - 1.0) ** 2
    >>> y.label = "y"
    >>> list(laws(Timeline(y)).values())
    ['y = (tanh(x × w) − 1)²']
    """
    draft = Draft()
    draft.forward(stepper.names, LONGEST_LAW)
    written = {x.left.text: f"{x.left.text} = {x.sides[0].text}" for x in draft.equations}
    return {
        node: re.sub(r"\^(\d+)(?![\d.])", lambda power: power[1].translate(_HIGH), written[name])
        for node, name in stepper.names.items()
        if node.op is not None and node.label
    }


def add_bands(shown: Shown, stepper: Timeline) -> None:
    """A cluster for each named result, of all results since the one before, in recorded order."""
    boxes = {box.id: box for box in shown.boxes}
    law, members = laws(stepper), []
    for node in filter(lambda node: node.op is not None, stepper.nodes):
        members.append(boxes[shown.ids[node]])
        if node in law:
            if len(members) > 1:
                place = (f"{shown.ids[node]}-band",)
                shown.clusters[place] = law[node]
                for box in members:
                    box.place = place
            members = []
