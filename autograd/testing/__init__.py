"""Testing gradients: a checker that is right, names the culprit, and shrinks."""

from autograd.testing.check import check_grads
from autograd.testing.planting import replaced
from autograd.testing.subject import GradientError
