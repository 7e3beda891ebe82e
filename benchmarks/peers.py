"""Train the same network as others do: each trains members for some epochs, stop loss included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Member
from pipeline.training.keras_trainer import train_with_keras
from pipeline.training.trainers import trainer

Peer = Callable[[Sequence[Member], Architecture, TrainParams], object]


def peers() -> dict[str, Peer]:
    """Return those that are installed; the group `bench` brings all."""
    found: dict[str, Peer] = {
        "stack": trainer(),
        "keras": train_with_keras,
        "scikit-learn": train_with_sklearn,
    }
    if find_spec("torch"):
        found["torch"] = train_with_torch
    if find_spec("jax"):
        found["jax"] = train_with_jax
    return found


def train_with_sklearn(
    members: Sequence[Member], architecture: Architecture, train: TrainParams
) -> None:
    """`MLPClassifier.partial_fit`, an epoch at a time; it has no dropout."""
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    hidden = [layer.units for layer in architecture.layers]
    labels = np.arange(architecture.classes)
    for member in members:
        fold = member.fold
        network = MLPClassifier(
            hidden,
            batch_size=train.batch_size,
            learning_rate_init=train.learning_rate,
            alpha=member.regularization.l2,
            random_state=member.seed,
        )
        for _ in range(train.max_epochs):
            network.partial_fit(fold.x[fold.fit], fold.y[fold.fit], classes=labels)
            log_loss(fold.y[fold.stop], network.predict_proba(fold.x[fold.stop]), labels=labels)


def train_with_torch(
    members: Sequence[Member], architecture: Architecture, train: TrainParams
) -> None:
    """The usual eager loop."""
    import torch
    from torch import nn

    for member in members:
        torch.manual_seed(member.seed)
        parts: list[nn.Module] = []
        width = architecture.features
        for layer in architecture.layers:
            parts += [nn.Linear(width, layer.units), nn.ReLU()]
            if layer.dropout:
                parts.append(nn.Dropout(member.regularization.dropout))
            width = layer.units
        network = nn.Sequential(*parts, nn.Linear(width, architecture.outputs))
        kernels = [p for part, p in network.named_parameters() if part.endswith("weight")][:-1]
        optimizer = torch.optim.Adam(network.parameters(), lr=train.learning_rate)
        binary = architecture.outputs == 1
        loss_of: Any = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
        fold = member.fold

        def tensors(rows: np.ndarray, fold: Any = fold, binary: bool = binary) -> tuple[Any, Any]:
            y = torch.from_numpy(fold.y[rows])
            return torch.from_numpy(fold.x[rows]), y.float()[:, None] if binary else y.long()

        (x, y), (x_stop, y_stop) = tensors(fold.fit), tensors(fold.stop)
        for _ in range(train.max_epochs):
            network.train()
            for rows in torch.randperm(len(x)).split(train.batch_size):
                optimizer.zero_grad()
                penalty = sum(
                    member.regularization.l1 * w.abs().sum()
                    + member.regularization.l2 * (w * w).sum()
                    for w in kernels
                )
                (loss_of(network(x[rows]), y[rows]) + penalty).backward()
                optimizer.step()
            network.eval()
            with torch.no_grad():
                float(loss_of(network(x_stop), y_stop))


def train_with_jax(
    members: Sequence[Member], architecture: Architecture, train: TrainParams
) -> None:
    """`vmap` of a whole epoch over the members, compiled once per shape; whole batches only."""
    import jax
    import jax.numpy as jnp

    epoch = _jax_epoch(architecture, train)
    length = min(len(member.fold.fit) for member in members)
    length -= length % train.batch_size
    x = jnp.stack([member.fold.x[member.fold.fit[:length]] for member in members])
    y = jnp.stack([member.fold.y[member.fold.fit[:length]] for member in members])
    x_stop = jnp.stack([member.fold.x[member.fold.stop] for member in members])
    y_stop = jnp.stack([member.fold.y[member.fold.stop] for member in members])
    keys = jax.random.split(jax.random.PRNGKey(0), len(members))
    rates = jnp.array([member.regularization.dropout for member in members])
    l1 = jnp.array([member.regularization.l1 for member in members])
    l2 = jnp.array([member.regularization.l2 for member in members])
    widths = [architecture.features, *(layer.units for layer in architecture.layers)]
    widths.append(architecture.outputs)
    rng = np.random.default_rng(0)
    weights = [
        (
            jnp.asarray(rng.normal(0, fan_in**-0.5, (len(members), fan_in, fan_out)), jnp.float32),
            jnp.zeros((len(members), fan_out)),
        )
        for fan_in, fan_out in pairwise(widths)
    ]
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = (weights, zeros, zeros, jnp.zeros(len(members)))
    for _ in range(train.max_epochs):
        state, keys, losses = epoch(state, keys, x, y, x_stop, y_stop, rates, l1, l2)
        np.asarray(losses)


_compiled: dict[tuple[Architecture, TrainParams], Any] = {}


def _jax_epoch(architecture: Architecture, train: TrainParams) -> Any:
    if (architecture, train) in _compiled:
        return _compiled[architecture, train]
    import jax
    import jax.numpy as jnp

    batch, binary = train.batch_size, architecture.outputs == 1

    def logits(weights: Any, x: Any, key: Any, rate: Any) -> Any:
        for number, layer in enumerate(architecture.layers):
            kernel, bias = weights[number]
            x = jax.nn.relu(x @ kernel + bias)
            if layer.dropout and key is not None:
                kept = jax.random.uniform(jax.random.fold_in(key, number), x.shape) >= rate
                x = jnp.where(kept, x / (1 - rate), 0)
        kernel, bias = weights[-1]
        return x @ kernel + bias

    def loss(weights: Any, x: Any, y: Any, key: Any, rate: Any) -> Any:
        z = logits(weights, x, key, rate)
        if binary:
            return jnp.mean(jax.nn.softplus(jnp.where(y[:, None] == 1, -z, z)))
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    def penalized(weights: Any, x: Any, y: Any, key: Any, rate: Any, l1: Any, l2: Any) -> Any:
        penalty = sum(
            l1 * jnp.abs(kernel).sum() + l2 * (kernel * kernel).sum() for kernel, _ in weights[:-1]
        )
        return loss(weights, x, y, key, rate) + penalty

    def one_epoch(
        state: Any, key: Any, x: Any, y: Any, x_stop: Any, y_stop: Any, rate: Any, l1: Any, l2: Any
    ) -> Any:
        key, order_key, mask_key = jax.random.split(key, 3)
        order = jax.random.permutation(order_key, len(x)).reshape(-1, batch)

        def step(carry: Any, rows: Any) -> Any:
            weights, mean, square, count = carry
            step_key = jax.random.fold_in(mask_key, count.astype(int))
            gradient = jax.grad(penalized)(weights, x[rows], y[rows], step_key, rate, l1, l2)
            count = count + 1
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
            square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradient)
            step_size = train.learning_rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            weights = jax.tree.map(
                lambda w, m, v: w - step_size * m / (jnp.sqrt(v) + 1e-7), weights, mean, square
            )
            return (weights, mean, square, count), None

        state, _ = jax.lax.scan(step, state, order)
        return state, key, loss(state[0], x_stop, y_stop, None, rate)

    _compiled[architecture, train] = jax.jit(jax.vmap(one_epoch))
    return _compiled[architecture, train]
