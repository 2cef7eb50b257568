"""Data to learn from: truth tables, clouds in the plane, handwritten digits and a short text.

Everything is either exact or drawn from an explicit `numpy.random.Generator`: the same seed gives
the same bits.
"""

from nets.data.clouds import circle, gaussians, moons, spiral, xor
from nets.data.handwriting import digits
from nets.data.logic import truth_table
from nets.data.splitting import split
from nets.data.texts import Vocabulary, text

# fmt: off
__all__ = [
    "Vocabulary", "circle", "digits", "gaussians", "moons", "spiral", "split", "text",
    "truth_table", "xor",
]
