"""Neural networks, from the McCulloch-Pitts neuron onwards, built from `autograd`'s primitives."""

from nets import data, functional, initialisers, losses, optimisers, schedules
from nets.linear import MLP, Linear, Sequential
from nets.losses import (
    cross_entropy,
    hinge,
    log_loss,
    mean_squared_error,
    sum_of_squared_errors,
    zero_one,
)
from nets.module import Module, ModuleCall, trace_modules
from nets.optimisers import SGD, Adam, AdamW, Optimiser, clip_grad_norm
from nets.perceptron import McCullochPitts, Perceptron, PerceptronFit, Recurrence

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Linear",
    "McCullochPitts",
    "Module",
    "ModuleCall",
    "Optimiser",
    "Perceptron",
    "PerceptronFit",
    "Recurrence",
    "Sequential",
    "clip_grad_norm",
    "cross_entropy",
    "data",
    "functional",
    "hinge",
    "initialisers",
    "log_loss",
    "losses",
    "mean_squared_error",
    "optimisers",
    "schedules",
    "sum_of_squared_errors",
    "trace_modules",
    "zero_one",
]
