"""A builder's networks train as `keras_trainer` trains, each a pure function of its inputs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.errors import InputError
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.training.architecture import Architecture
from pipeline.training.builder import Builder
from pipeline.training.builder_pool import POOL, Pool
from pipeline.training.builder_trainer import built_outputs, save_built, train_built
from pipeline.training.built_inference import read_network
from pipeline.training.fit import Member
from pipeline.training.portable import write_built
from tests.training.conftest import FEATURES, MakeFolds

ROOT = Path(__file__).parents[2]
TUNED = Regularization(dropout=0.3, l1=1e-5, l2=2e-4, patience=2)
OTHER = TUNED.model_copy(update={"dropout": 0.1, "patience": None})
SKIP = Builder("networks/skip.py:build", (ROOT / "networks/skip.py").read_text())
# A logistic regression, whose steps NumPy can take too.
LINEAR = """
import keras
def build(inputs, outputs, regularization):
    penalty = keras.regularizers.L1L2(regularization.l1, regularization.l2)
    start = {"kernel_initializer": "zeros", "kernel_regularizer": penalty}
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, **start)])
"""


def shape(builder: Builder = SKIP, classes: int = 2) -> Architecture:
    return Architecture(FEATURES, classes, (), False, False, builder)


def test_fit_depends_on_its_own_inputs_alone(make_folds: MakeFolds, train: TrainParams) -> None:
    """Not on its number, its neighbours, the process it is in, or what that one did before."""
    first, second = make_folds(fit=(37, 31))
    members = [Member(fold, values, seed) for seed in (1, 2) for values in (TUNED, OTHER)
               for fold in (first, second)]  # fmt: skip
    crowd = train_built(members, shape(), train)
    POOL.end()
    again = train_built(members[::-1], shape(), train)[::-1]
    for ours, theirs in zip(crowd, again, strict=True):
        assert ours.failure is None
        assert ours.val_loss.tobytes() == theirs.val_loss.tobytes()
        assert ours.score_logits.tobytes() == theirs.score_logits.tobytes()
        for mine, other in zip(ours.weights, theirs.weights, strict=True):
            assert mine.tobytes() == other.tobytes()
    assert crowd[0].val_loss.tobytes() != crowd[4].val_loss.tobytes()
    assert crowd[0].kept_epoch == int(crowd[0].val_loss.argmin())
    assert len(crowd[2].loss) == train.max_epochs
    assert not train_built(members[:1], shape(), train, keep_weights=False)[0].weights


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_first_epoch_is_that_of_numpy(make_folds: MakeFolds, classes: int) -> None:
    """One batch: Adam's first step is the sign of the gradient, class weights included."""
    fold = make_folds(classes)[0]
    weight = np.arange(1, classes + 1, dtype=np.float32)
    if classes:
        fold = type(fold)(fold.x, fold.y, fold.fit, fold.stop, fold.score, weight)
    train = TrainParams(batch_size=64, max_epochs=1, learning_rate=0.02)
    fit = train_built(
        [Member(fold, TUNED, 5)], shape(Builder("l.py:build", LINEAR), classes), train
    )[0]
    x, y = fold.x[fold.fit], fold.y[fold.fit]
    if classes == 0:
        slope, loss = 2 * (0 - y)[:, None], float(np.mean(y**2))
    elif classes == 2:
        slope, loss = ((0.5 - y) * weight[y])[:, None], np.log(2)
    else:
        slope, loss = (1 / 3 - np.eye(3)[y]) * weight[y][:, None], np.log(3)
    gradient = x.T @ slope
    # Keras adds epsilon before it corrects the second moment's bias.
    epsilon = 1e-7 / np.sqrt(1 - 0.999) * len(y)
    expected = -0.02 * gradient / (np.abs(gradient) + epsilon)
    np.testing.assert_allclose(fit.weights[0], expected, rtol=1e-3, atol=1e-6)
    assert fit.loss[0] == pytest.approx(loss, rel=1e-5)
    outputs = fold.x[fold.score] @ fit.weights[0] + fit.weights[1]
    np.testing.assert_allclose(fit.score_logits, fold.in_units(outputs), rtol=1e-4, atol=1e-5)


def test_saved_and_served_networks_are_the_fitted_one(
    make_folds: MakeFolds, train: TrainParams, tmp_path: Path
) -> None:
    from pipeline.training._tensorflow import keras

    fold, architecture = make_folds(3)[0], shape(classes=3)
    fit = train_built([Member(fold, TUNED, 1)], architecture, train)[0]
    rows = fold.x[fold.score]
    outputs = built_outputs(architecture, TUNED, [fit.weights, fit.weights], rows)
    assert outputs.shape == (2, len(rows), 3)
    np.testing.assert_allclose(outputs[1], fit.score_logits, rtol=1e-5, atol=1e-6)
    save_built(tmp_path / "own.keras", architecture, TUNED, fit.weights)
    saved = keras.models.load_model(tmp_path / "own.keras").predict(rows, verbose=0)
    np.testing.assert_allclose(saved, fit.score_logits, rtol=1e-4, atol=1e-5)
    write_built(tmp_path / "own.npz", architecture, TUNED, fit.weights)
    served = read_network(tmp_path / "own.npz", 3)(rows)
    powers = np.exp(fit.score_logits)
    np.testing.assert_allclose(served, powers / powers.sum(1, keepdims=True), rtol=1e-4)


def test_a_loss_that_is_not_finite_is_a_failure(make_folds: MakeFolds, train: TrainParams) -> None:
    wild = train.model_copy(update={"learning_rate": 1e30})
    fit = train_built([Member(make_folds(0)[0], OTHER, 1)], shape(classes=0), wild)[0]
    assert fit.failure
    assert "the loss was not finite in epoch" in fit.failure
    assert not fit.weights


def test_a_process_that_dies_is_one_line_and_others_take_over(
    make_folds: MakeFolds, train: TrainParams
) -> None:
    members = [Member(make_folds()[0], TUNED, seed) for seed in (1, 2)]
    train_built(members, shape(), train)
    os.kill(POOL.first().process.pid, signal.SIGKILL)
    with pytest.raises(InputError, match=r"ended with exit code -9.*memory") as caught:
        train_built(members, shape(), train)
    assert "\n" not in str(caught.value)
    assert len(train_built(members, shape(), train)) == 2


def test_no_array_has_the_number_of_one_that_is_gone() -> None:
    """Although Python gives its identity to the next one."""
    pool, numbers, identities = Pool(), set(), set()
    for value in range(50):
        array = np.full(3, value, np.float32)
        pool.keep([array])
        pool.keep([array])
        identities.add(id(array))
        numbers |= set(pool.numbers().values())
        pool.keep([])
        del array
    assert len(identities) < len(numbers) == 50


BEGIN = """
from pipeline.training.builder_pool import POOL
print(POOL.first().process.pid, flush=True)
import time; time.sleep(60)
"""


def test_processes_end_when_the_stage_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", BEGIN], stdout=subprocess.PIPE, cwd=ROOT) as stage:
        assert stage.stdout is not None
        worker = int(stage.stdout.readline())
        stage.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
