"""Neural networks, from the McCulloch-Pitts neuron onwards, built from `autograd`'s primitives."""

from nets import data
from nets.data import augmentation
from nets.layers import functional, initialisers, losses
from nets.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from nets.layers.attention import MultiHeadAttention, TransformerBlock
from nets.layers.convolution import Conv1d, Conv2d
from nets.layers.dropout import Dropout
from nets.layers.embedding import Embedding
from nets.layers.linear import MLP, Linear, Sequential
from nets.layers.losses import (
    cross_entropy,
    hinge,
    log_loss,
    mean_squared_error,
    sum_of_squared_errors,
    zero_one,
)
from nets.layers.module import Module, ModuleCall, trace_modules
from nets.layers.normalisation import BatchNorm, LayerNorm, RMSNorm
from nets.layers.pooling import AvgPool2d, Flatten, GlobalAvgPool, MaxPool2d
from nets.layers.recurrent import GRU, LSTM, RNN
from nets.layers.residual import Residual, ResidualBlock
from nets.models import CharacterTransformer, DigitsNetwork
from nets.perceptron import McCullochPitts, Perceptron, PerceptronFit, Recurrence
from nets.train import optimisers, plots, schedules
from nets.train.diagnosis import Diagnosis, diagnose
from nets.train.evaluation import accuracy, confusion_matrix, evaluate, predict
from nets.train.optimiser import Optimiser, clip_grad_norm
from nets.train.optimisers import SGD, Adagrad, Adam, AdamW, RMSprop, Together
from nets.train.plots import History
from nets.train.saving import load, save
from nets.train.training import fit

# fmt: off
__all__ = [
    "GELU", "GRU", "LSTM", "MLP", "RNN", "SGD", "Adagrad", "Adam", "AdamW", "AvgPool2d",
    "BatchNorm", "CharacterTransformer", "Conv1d", "Conv2d", "Diagnosis", "DigitsNetwork",
    "Dropout", "Embedding", "Flatten", "GlobalAvgPool", "History", "LayerNorm", "LeakyReLU",
    "Linear", "MaxPool2d", "McCullochPitts", "Module", "ModuleCall", "MultiHeadAttention",
    "Optimiser", "Perceptron", "PerceptronFit", "RMSNorm", "RMSprop", "ReLU", "Recurrence",
    "Residual", "ResidualBlock", "Sequential", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh",
    "Together", "TransformerBlock", "accuracy", "augmentation", "clip_grad_norm",
    "confusion_matrix", "cross_entropy", "data", "diagnose", "evaluate", "fit", "functional",
    "hinge", "initialisers", "load", "log_loss", "losses", "mean_squared_error", "optimisers",
    "plots", "predict", "save", "schedules", "sum_of_squared_errors", "trace_modules",
    "zero_one",
]
# fmt: on
