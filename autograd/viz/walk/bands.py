"""Bands: what is computed on the way to a named result lies on one, below its law."""

import re

from autograd import Node
from autograd.viz.picture.shown import Shown
from autograd.viz.tell.derivation import Draft
from autograd.viz.text import superscript
from autograd.viz.walk.timeline import Timeline

LONGEST_LAW = 48  # characters; longer parts of it have a name of their own


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
        node: re.sub(r"\^(\d+)(?![\d.])", lambda power: superscript(float(power[1])), written[name])
        for node, name in stepper.names.items()
        if node.op is not None and node.label
    }


def add_bands(shown: Shown, stepper: Timeline) -> None:
    """A cluster for each named result, of all results since the one before, in recorded order."""
    if len(set(shown.ids.values())) < len(shown.ids):
        return  # a box of many nodes lies on no band
    law, members = laws(stepper), []
    places: dict[str, tuple[str, ...]] = {}  # by the ids of nodes' boxes
    for node in filter(lambda node: node.op is not None, stepper.nodes):
        members.append(shown.ids[node])
        if node in law:
            if len(members) > 1:
                place = (f"{shown.ids[node]}-band",)
                shown.clusters[place] = law[node]
                places |= dict.fromkeys(members, place)
            members = []
    for box in shown.boxes:  # leaves and constants stay beside: on a band they push others away
        box.place = places.get(box.id, box.place)
