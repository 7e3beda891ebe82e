"""The Keras network of `network.py` with a leading member axis, and one step of Adam on it.

Axes: member, row, unit. Weights are one flat list in the order of `keras.Model.get_weights()`,
kernels (member, in, out) and vectors (member, 1, unit). Hyperparameters are (member, 1, 1).
Nothing here adds over members, so no member's numbers, nor its NaN, reach another's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from pipeline.training.network import NORM_EPSILON, NORM_MOMENTUM, Architecture

Tensor = Any

BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": tf.nn.relu,
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "gelu": lambda z: tf.nn.gelu(z, approximate=False),
    "silu": tf.nn.silu,
    "softplus": tf.nn.softplus,
    "linear": tf.identity,
}


class Strengths(NamedTuple):
    """Regularization of each member, all (member, 1, 1).

    threshold: mask bits below it are dropped. scale: what the others are multiplied with.
    """

    l1: Tensor
    l2: Tensor
    threshold: Tensor
    scale: Tensor


@dataclass(frozen=True)
class WeightSpec:
    """One array of the flat list: its shape in Keras, and what is done to it."""

    shape: tuple[int, ...]
    trainable: bool = True
    penalized: bool = False

    @property
    def stacked(self) -> tuple[int, ...]:
        """Shape behind the member axis, in which vectors have a row."""
        return (1, *self.shape)[-2:]


def weight_specs(architecture: Architecture) -> list[WeightSpec]:
    """What the flat list of weights consists of."""
    specs, fan_in = [], architecture.features
    for layer in architecture.layers:
        vector = (layer.units,)
        specs += [WeightSpec((fan_in, layer.units), penalized=layer.penalty), WeightSpec(vector)]
        if architecture.batch_norm:
            specs += [WeightSpec(vector)] * 2 + [WeightSpec(vector, trainable=False)] * 2
        fan_in = layer.units
    kernel = WeightSpec((fan_in, architecture.outputs), penalized=architecture.penalize_output)
    return [*specs, kernel, WeightSpec((architecture.outputs,))]


def logits(
    architecture: Architecture,
    weights: Sequence[Tensor],
    x: Tensor,
    normalize: Callable[[int, Tensor, Sequence[Tensor]], Tensor],
    drop: Callable[[int, Tensor], Tensor],
) -> Tensor:
    """(member, row, output) of x: (member, row, feature).

    normalize(layer, z, (scale, shift, mean, variance)) and drop(layer, a) are what differs between
    training and inference.
    """
    a, at = x, 0
    for number, layer in enumerate(architecture.layers):
        a = plus_vector(tf.matmul(a, weights[at]), weights[at + 1])
        at += 2
        if architecture.batch_norm:
            a = normalize(number, a, weights[at : at + 4])
            at += 4
        a = ACTIVATIONS[layer.activation](a)
        if layer.dropout:
            a = drop(number, a)
    return plus_vector(tf.matmul(a, weights[at]), weights[at + 1])


def sum_of_rows(a: Tensor) -> Tensor:
    """(member, 1, unit), the sum over rows of a: (member, row, unit).

    By a product with ones: TensorFlow's sum over a middle axis adds in an order that depends on
    the member's place in the stack, its product does not.
    """
    return tf.matmul(tf.ones_like(a[:, :, :1]), a, transpose_a=True)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def plus_vector(z: Tensor, vector: Tensor) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The sum z + vector. z: (member, row, unit), vector: (member, 1, unit)."""
    return z + vector, lambda dy: (dy, sum_of_rows(dy))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def times_vector(z: Tensor, vector: Tensor) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The product z · vector. z: (member, row, unit), vector: (member, 1, unit)."""
    return z * vector, lambda dy: (dy * vector, sum_of_rows(dy * z))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def over_deviation(z: Tensor, variance: Tensor) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The quotient z / √(variance + ε). z: (member, row, unit), variance: (member, 1, unit).

    Divides by rows, which come in multiples of 16 and so fill whole registers: TensorFlow's
    quotient, rsqrt and gradient of sqrt round differently in the places left over at the end of
    an array, where some other member may be next time.
    """
    # Spread over rows here, as Grappler would turn a quotient by a bare root into rsqrt.
    deviation = tf.broadcast_to(tf.sqrt(variance + NORM_EPSILON), tf.shape(z))
    quotient = z / deviation

    def gradient(dy: Tensor) -> tuple[Tensor, Tensor]:
        dz = dy / deviation
        return dz, -0.5 * sum_of_rows(dz * quotient / deviation)

    return quotient, gradient


def inference_logits(architecture: Architecture, weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Logits with moving statistics and without dropout."""

    def normalize(_: int, z: Tensor, norm: Sequence[Tensor]) -> Tensor:
        scale, shift, mean, variance = norm
        return _normalized(z, mean, variance, scale, shift)

    return logits(architecture, weights, x, normalize, lambda _, a: a)


def training_logits(
    architecture: Architecture,
    weights: Sequence[Tensor],
    x: Tensor,
    share: Tensor,
    bits: dict[int, Tensor],
    strengths: Strengths,
) -> tuple[Tensor, list[Tensor]]:
    """Logits with batch statistics and dropout, and the moving statistics that follow.

    share: (member, row), a row's weight in its batch, 0 for padding.
    bits: (member, row, unit) of each layer with dropout.
    """
    moved: list[Tensor] = []

    def normalize(_: int, z: Tensor, norm: Sequence[Tensor]) -> Tensor:
        scale, shift, moving_mean, moving_variance = norm
        weight = share[:, tf.newaxis, :]
        mean = tf.matmul(weight, z)
        variance = tf.matmul(weight, tf.square(plus_vector(z, -mean)))
        moved.extend((_moved(moving_mean, mean), _moved(moving_variance, variance)))
        return _normalized(z, mean, variance, scale, shift)

    def drop(layer: int, a: Tensor) -> Tensor:
        # A product and not tf.where: its gradient is one more product, and both are faster.
        return a * (tf.cast(bits[layer] >= strengths.threshold, tf.float32) * strengths.scale)

    return logits(architecture, weights, x, normalize, drop), moved


def _normalized(z: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return plus_vector(times_vector(over_deviation(plus_vector(z, -mean), variance), scale), shift)


def _moved(moving: Tensor, batch: Tensor) -> Tensor:
    return moving * NORM_MOMENTUM + batch * (1.0 - NORM_MOMENTUM)


def row_losses(outputs: Tensor, y: Tensor) -> Tensor:
    """Log loss of each row, (member, row), from outputs (member, row, output)."""
    if outputs.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y, tf.float32), outputs[..., 0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)


@tf.function(jit_compile=True, reduce_retracing=True)  # type: ignore[untyped-decorator]
def penalized(
    gradients: list[Tensor], kernels: list[Tensor], l1: Tensor, l2: Tensor
) -> list[Tensor]:
    """Gradients with the penalties' added, in one pass over memory: hence compiled by XLA."""
    return [
        gradient + penalty_gradient(kernel, l1, l2)
        for gradient, kernel in zip(gradients, kernels, strict=True)
    ]


def penalty_gradient(kernel: Tensor, l1: Tensor, l2: Tensor) -> Tensor:
    """Gradient of l1·Σ|w| + l2·Σw², the subgradient 0 at w = 0.

    kernel: (member, in, out). l1, l2: (member, 1, 1).
    """
    return l1 * tf.sign(kernel) + (2.0 * l2) * kernel


def adam(
    weight: Tensor, mean: Tensor, square: Tensor, gradient: Tensor, step: Tensor, rate: Tensor
) -> Tensor:
    """Operation that takes one step of Adam in place; the first three are variables' handles.

    The fused kernel is Keras' update to the letter: bias correction in the rate, epsilon outside
    the root. step: 1, 2, …
    """
    return tf.raw_ops.ResourceApplyAdam(
        var=weight,
        m=mean,
        v=square,
        beta1_power=tf.pow(BETA_1, step),
        beta2_power=tf.pow(BETA_2, step),
        lr=rate,
        beta1=BETA_1,
        beta2=BETA_2,
        epsilon=ADAM_EPSILON,
        grad=gradient,
    )
