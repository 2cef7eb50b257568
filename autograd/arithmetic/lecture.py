"""The lecture's worked example of backpropagation: two inputs, two hidden neurons, one output.

Source: STA303 Artificial Intelligence, "Deep Learning", the slides "Backpropagation – example".
"""

from autograd.arithmetic.value import Value

INPUTS = {"x1": 0.35, "x2": 0.9}
TARGET, RATE = 0.5, 1.0
# w1, w2 lead from the top and bottom neuron to the output; w3, w4 from x1, x2 to the top one,
# w5, w6 to the bottom one
WEIGHTS = {"w1": 0.3, "w2": 0.9, "w3": 0.1, "w4": 0.8, "w5": 0.4, "w6": 0.6}


def error(weights: dict[str, Value]) -> dict[str, Value]:
    """The forward pass, E = ½ (y − target)², and its named parts.

    >>> parts = error({name: Value(w, label=name) for name, w in WEIGHTS.items()})
    >>> {name: round(part.data, 6) for name, part in parts.items()}
    {'h1': 0.680267, 'h2': 0.663739, 'y': 0.690283, 'E': 0.018104}
    """
    x1, x2 = INPUTS.values()
    w1, w2, w3, w4, w5, w6 = weights.values()
    h1 = (w3 * x1 + w4 * x2).sigmoid()
    h2 = (w5 * x1 + w6 * x2).sigmoid()
    y = (w1 * h1 + w2 * h2).sigmoid()
    e = 0.5 * (y - TARGET) ** 2
    parts = {"h1": h1, "h2": h2, "y": y, "E": e}
    for name, part in parts.items():
        part.label = name
    return parts


def updated(weights: dict[str, Value]) -> dict[str, Value]:
    """Every weight after one step of gradient descent, all at once: w − η ∂E/∂w.

    >>> weights = {name: Value(w, label=name) for name, w in WEIGHTS.items()}
    >>> error(weights)["E"].backward()
    >>> {name: round(w.data, 6) for name, w in updated(weights).items()}  # doctest: +ELLIPSIS
    {'w1': 0.272326, 'w2': 0.872998, 'w3': 0.099071, ...}
    """
    return {name: Value(w.data - RATE * (w.grad or 0.0), label=name) for name, w in weights.items()}
