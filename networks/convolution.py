"""A small convolutional network for square grey images, such as `digits`.

It wants data.scale: image, which keeps every pixel, dark ones included.
"""

import math

import keras

FILTERS = 16
# data.scale: image divides by 255, and the pixels of digits go to 16.
BRIGHTEST = 16 / 255


def build(inputs, outputs, regularization):
    """Return the network. Its outputs are logits of classes, or the number to predict."""
    side = math.isqrt(inputs)
    if side * side != inputs:
        raise ValueError(f"{inputs} columns are no square; set data.scale to image")
    penalty = keras.regularizers.L1L2(regularization.l1, regularization.l2)
    convolve = {"padding": "same", "activation": "relu", "kernel_regularizer": penalty}
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Rescaling(1 / BRIGHTEST),
            keras.layers.Reshape((side, side, 1)),
            keras.layers.Conv2D(FILTERS, 3, **convolve),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(2 * FILTERS, 3, **convolve),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(regularization.dropout),
            keras.layers.Dense(outputs),
        ]
    )
