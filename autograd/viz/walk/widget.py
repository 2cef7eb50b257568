"""The stepper as a live widget: the page's own JavaScript, and leaves that can be edited."""

from typing import Any

import anywidget
import numpy as np
import traitlets

from autograd.viz.walk.page import SCRIPT, STATIC, frame, page_data
from autograd.viz.walk.timeline import Timeline


class StepperWidget(anywidget.AnyWidget):
    """Shows `stepper`, which an edit replaces by one with the other numbers."""

    _esm = SCRIPT
    _css = STATIC / "stepper.css"
    data = traitlets.Dict().tag(sync=True)
    position = traitlets.Int().tag(sync=True)

    def __init__(self, stepper: Timeline) -> None:
        super().__init__(data=page_data(stepper), position=stepper.position)
        self.stepper = stepper
        self.on_msg(self._asked)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and beside it the page, which a notebook without a kernel shows."""
        bundle: Any = super()._repr_mimebundle_(**options)
        data, metadata = bundle
        return {**data, "text/html": frame(self.stepper)}, metadata

    @traitlets.observe("position")
    def _moved(self, change: Any) -> None:
        if hasattr(self, "stepper"):
            self.stepper.goto(change.new)

    def _asked(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        try:
            self.edit(message["node"], message["place"], float(message["text"]))
        except ValueError as error:
            self.send({"error": str(error)})

    def edit(self, node: int, place: int, number: float) -> None:
        """Give element `place` of the leaf `stepper.nodes[node]` another number."""
        before, leaf = self.stepper, self.stepper.nodes[node]
        data = np.array(before.value(leaf))
        data.flat[place] = number
        self.stepper = before.edited(leaf, data if leaf.ndim else float(data))
        changed = page_data(self.stepper)
        for now, old in zip(changed["nodes"], self.data["nodes"], strict=True):
            now["before"] = {"value": old["value"], "history": old["history"]}
        self.data = changed
