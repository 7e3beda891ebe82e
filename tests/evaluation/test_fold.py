"""No row is scored by a network, a search, a preparation or a stopping time that saw it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipeline.config.params import Params
from pipeline.data.roles import identities
from pipeline.evaluation.fold import FoldResult, evaluate_fold
from pipeline.evaluation.losses import loss_names
from pipeline.evaluation.outer import OuterFold, Rows, outer_fold, outer_numbers
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.training.fit import Trainer


@pytest.fixture
def params(params: Params) -> Params:
    """Fits that stop on their own, so that the rows they stop on matter."""
    raw = params.model_dump()
    raw["train"] |= {"max_epochs": 30, "learning_rate": 0.03}
    raw["search"]["space"]["patience"] = {"low": 1, "high": 3}
    return Params.model_validate(raw)


def outer(rows: Rows, params: Params, numbers: np.ndarray) -> OuterFold:
    return outer_fold(rows, numbers, 0, 0, params.split, params.evaluate.inner_folds, params.seed)


def with_wild_row(rows: Rows, position: int) -> Rows:
    """The rows with one of them as no other is, in every column and in its label."""
    frame = rows.frame.copy()
    label = "no" if frame.loc[position, "outcome"] == "yes" else "yes"
    frame.loc[position, ["width", "count", "colour", "outcome"]] = [-1e6, 10**6, "mauve", label]
    return dataclasses.replace(
        rows,
        frame=frame,
        labels=frame["outcome"].to_numpy(str),
        identity=identities(frame, rows.schema),
    )


def without(result: FoldResult, row: int) -> pd.DataFrame:
    return result.losses[result.losses["row"] != row].reset_index(drop=True)


@pytest.fixture
def numbers(rows: Rows, params: Params) -> np.ndarray:
    return outer_numbers(rows, params.split, params.evaluate, params.seed)[0]


def test_held_out_row_moves_nothing_but_its_own_losses(
    rows: Rows, params: Params, numbers: np.ndarray, trainer: Trainer
) -> None:
    row = int(np.flatnonzero(numbers == 0)[5])
    wild = with_wild_row(rows, row)
    before = evaluate_fold(rows, outer(rows, params, numbers), params, trainer)
    after = evaluate_fold(wild, outer(wild, params, numbers), params, trainer)
    assert after.record == before.record
    assert without(after, row).equals(without(before, row))
    own = [result.losses[result.losses["row"] == row] for result in (before, after)]
    assert (own[0]["log_loss"].to_numpy() != own[1]["log_loss"].to_numpy()).all()


@pytest.mark.parametrize("part", ["rest", "stop"])
def test_any_other_row_counts(
    rows: Rows, params: Params, numbers: np.ndarray, trainer: Trainer, part: str
) -> None:
    division = outer(rows, params, numbers)
    before = evaluate_fold(rows, division, params, trainer)
    wild = with_wild_row(rows, int(getattr(division, part)[3]))
    after = evaluate_fold(wild, division, params, trainer)
    assert not after.losses.equals(before.losses)
    # In the search as well as in the fits that follow it.
    assert after.record.trials != before.record.trials


def test_each_arm_scores_each_held_out_row_once(
    rows: Rows, params: Params, numbers: np.ndarray, trainer: Trainer
) -> None:
    division = outer(rows, params, numbers)
    result = evaluate_fold(rows, division, params, trainer)
    for _, lines in result.losses.groupby("arm"):
        assert np.array_equal(lines["row"], division.held_out)
    names = [arm.name for arm in result.record.arms]
    assert names[:2] == ["baseline", "tuned"]
    assert {*result.losses["arm"]} == {*names, "majority", "linear", "boosting"}
    assert np.isfinite(result.losses[["log_loss", "brier"]]).all(axis=None)
    scaled = result.losses.groupby("arm")["recalibrated"].count() > 0
    assert {*scaled[scaled].index} == {"baseline", "tuned", "dropout", "l1", "l2", "patience"}
    assert set(loss_names(CLASSIFICATION)) < set(result.losses.columns)


def test_equal_arms_have_equal_losses(
    rows: Rows, params: Params, numbers: np.ndarray, trainer: Trainer
) -> None:
    """The search chooses only the baseline when it may try nothing else that acts."""
    fixed = {"low": 0.0, "high": 0.0, "log": False}
    space = params.search.space.model_dump() | dict.fromkeys(("dropout", "l1", "l2"), fixed)
    space["patience"] = {"low": 100, "high": 100}
    raw = params.model_dump()
    raw["search"]["space"] = space
    still = Params.model_validate(raw)
    result = evaluate_fold(rows, outer(rows, still, numbers), still, trainer)
    losses = {str(name): lines["log_loss"] for name, lines in result.losses.groupby("arm")}
    assert np.array_equal(losses["baseline"], losses["tuned"])
    assert not np.array_equal(losses["baseline"], losses["batch_norm"])
