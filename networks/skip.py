"""A dense network for tables, whose second hidden layer has a connection around it."""

import keras

UNITS = 64


def build(inputs, outputs, regularization):
    """Return the network. Its outputs are logits of classes, or the number to predict."""
    penalty = keras.regularizers.L1L2(regularization.l1, regularization.l2)
    rows = keras.Input((inputs,))
    first = keras.layers.Dense(UNITS, "relu", kernel_regularizer=penalty)(rows)
    second = keras.layers.Dense(UNITS, "relu", kernel_regularizer=penalty)(first)
    second = keras.layers.Dropout(regularization.dropout)(second)
    both = keras.layers.Add()([first, second])
    return keras.Model(rows, keras.layers.Dense(outputs)(both))
