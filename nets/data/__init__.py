"""Data to learn from: truth tables, clouds in the plane, handwritten digits and a short text.

All is exact, or drawn from an explicit `numpy.random.Generator`: the same seed, the same bits.
"""

from nets.data.clouds import circle, gaussians, moons, spiral, truth_table, xor
from nets.data.files import Vocabulary, digits, split, text

# fmt: off
__all__ = [
    "Vocabulary", "circle", "digits", "gaussians", "moons", "spiral", "split", "text",
    "truth_table", "xor",
]
