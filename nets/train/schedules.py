"""Learning-rate schedules: functions from the number of steps taken so far to a learning rate.

An optimiser takes one in place of a number, `SGD(parameters, lr=cosine(0.1, steps=1000))`. They
have no state, so that a resumed training goes on where it was.
"""

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """Always `lr`.

    >>> constant(0.1)(1000)
    0.1
    """
    return lambda step: lr


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """`lr`, multiplied by `factor` once every `every` steps.

    >>> [step_decay(1.0, every=2, factor=0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lambda step: lr * factor ** (step // every)


def cosine(lr: float, steps: int, floor: float = 0.0) -> Schedule:
    """From `lr` down to `floor` along half a cosine of `steps` steps, and `floor` from then on.

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017.

    >>> [cosine(1.0, steps=2)(step) for step in range(4)]
    [1.0, 0.5, 0.0, 0.0]
    """

    def at(step: int) -> float:
        return floor + (lr - floor) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2

    return at


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Rise linearly over `steps` steps to where `schedule` begins, then follow it.

    >>> [warm_up(constant(1.0), steps=4)(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    def at(step: int) -> float:
        return schedule(0) * (step + 1) / steps if step < steps else schedule(step - steps)

    return at
