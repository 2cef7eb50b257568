"""Neural networks, from the McCulloch-Pitts neuron onwards."""

from nets import data
from nets.perceptron import McCullochPitts, Perceptron, PerceptronFit, Recurrence

__all__ = ["McCullochPitts", "Perceptron", "PerceptronFit", "Recurrence", "data"]
