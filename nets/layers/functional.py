"""Layers as functions: what the modules compute, with the parameters as arguments.

Everything is made of autograd's primitives, so each function works on Tensors, on raw arrays, and
on object arrays of Values. Shapes are PyTorch's; `...` stands for any number of axes.
"""

from nets.layers.activations import gelu, leaky_relu, silu
from nets.layers.attention import attention
from nets.layers.convolution import conv1d, conv2d
from nets.layers.dropout import dropout
from nets.layers.embedding import embedding
from nets.layers.linear import linear
from nets.layers.losses import (
    cross_entropy,
    hinge,
    log_loss,
    mean_squared_error,
    sum_of_squared_errors,
    zero_one,
)
from nets.layers.normalisation import batch_norm, layer_norm, rms_norm
from nets.layers.pooling import avg_pool2d, flatten, global_avg_pool, max_pool2d
from nets.layers.recurrent import gru_cell, lstm_cell, rnn_cell

# fmt: off
__all__ = [
    "attention", "avg_pool2d", "batch_norm", "conv1d", "conv2d", "cross_entropy", "dropout",
    "embedding", "flatten", "gelu", "global_avg_pool", "gru_cell", "hinge", "layer_norm",
    "leaky_relu", "linear", "log_loss", "lstm_cell", "max_pool2d", "mean_squared_error",
    "rms_norm", "rnn_cell", "silu", "sum_of_squared_errors", "zero_one",
]
# fmt: on
