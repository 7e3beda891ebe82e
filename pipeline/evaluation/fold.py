"""One outer fold, from its rows to their losses: a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold, prepare_cv, prepare_final
from pipeline.data.schema import FOLD_COLUMN
from pipeline.evaluation.arms import BASELINE, ENSEMBLE, MIX, arms
from pipeline.evaluation.inner_search import InnerSearch, search_inside
from pipeline.evaluation.losses import loss_names, row_losses
from pipeline.evaluation.outer import OuterFold, Rows, draw_seed
from pipeline.evaluation.peers import peer_outputs
from pipeline.evaluation.records import ArmRecord, FoldRecord, TrialRecord
from pipeline.evaluation.variants import Variant
from pipeline.tasks.arrays import Floats
from pipeline.tasks.task import Task
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer, watched


@dataclass(frozen=True, eq=False)
class FoldResult:
    """The record of one outer fold, and the losses of its held-out rows.

    losses: a line for each row and arm or peer, with a column for each loss of `losses.loss_names`.
    """

    record: FoldRecord
    losses: pd.DataFrame


def evaluate_fold(rows: Rows, outer: OuterFold, params: Params, trainer: Trainer) -> FoldResult:
    """Search, fit and score within one outer fold.

    Its held-out rows are used for nothing but their own losses: everything that is learned or
    chosen comes from the other rows.
    """
    place = (params.seed, outer.repeat, outer.number)
    seeds = [draw_seed(*place, number) for number in range(params.evaluate.seeds + 1)]
    inner, final = prepared(rows, outer, params)
    classes = len(rows.schema.classes)
    search = search_inside(inner, classes, params, trainer, place, seeds[-1])
    compared = arms(
        params.baseline,
        search.best.regularization,
        {name: trial.regularization for name, trial in search.alone.items()},
        params.network,
        params.search.space,
    )
    fits = _fit(compared, final, classes, params, seeds[:-1], trainer)
    task = rows.schema.task
    temperatures = _temperatures(search) if task.categorical else {}
    y = final.actual[final.score]
    frames, records = [], []
    for arm, networks in zip(compared, fits, strict=True):
        temperature = temperatures.get(arm.name)
        logits = np.stack([fit.score_logits for fit in networks]).astype(np.float64)
        frames.append(_lines(outer, arm.name, row_losses(logits, y, temperature, task)))
        records.append(
            ArmRecord(
                name=arm.name,
                title=arm.title,
                regularization=arm.regularization,
                flip_batch_norm=arm.flip_batch_norm,
                epochs=float(np.mean([len(fit.val_loss) for fit in networks])),
                temperature=temperature,
            )
        )
        if arm.name == MIX and len(networks) > 1:
            mean = task.ensemble(logits)[None]
            frames.append(_lines(outer, ENSEMBLE, row_losses(mean, y, None, task)))
            records.append(_ensemble_record(records[-1], len(networks)))
    for name, output in peer_outputs(final, classes, seeds[0]).items():
        frames.append(_lines(outer, name, row_losses(output[None], y, None, task)))
    record = FoldRecord(
        repeat=outer.repeat,
        fold=outer.number,
        seeds=tuple(seeds[:-1]),
        trials=tuple(
            TrialRecord(regularization=trial.regularization, loss=trial.loss)
            for trial in search.trials
        ),
        arms=tuple(records),
        **_cost(search, inner, _distinct(fits), final, params),
    )
    return FoldResult(record, pd.concat(frames, ignore_index=True))


def prepared(rows: Rows, outer: OuterFold, params: Params) -> tuple[list[Fold], Fold]:
    """Return the inner folds, and the fold whose networks score the held-out rows."""
    frame, data = rows.frame, params.data
    rest, stop = frame.iloc[outer.rest], frame.iloc[outer.stop]
    weight, transform = params.train.class_weight, data.target_transform
    setting = (rows.schema, data.scale, data.categories, weight, transform)
    inner = prepare_cv(rest.assign(**{FOLD_COLUMN: outer.inner}), stop, *setting)
    final, _ = prepare_final(rest, stop, frame.iloc[outer.held_out], *setting)
    return inner, final


def _fit(
    compared: Sequence[Variant],
    fold: Fold,
    classes: int,
    params: Params,
    seeds: Sequence[int],
    trainer: Trainer,
) -> list[list[Fit]]:
    """Return the networks of each arm, in the order of the seeds; equal arms share theirs."""
    shape = Architecture.of(params.network, fold.x.shape[1], classes)
    found: dict[tuple[bool, Regularization], list[Fit]] = {}
    for flip in (False, True):
        wanted = list(
            dict.fromkeys(arm.regularization for arm in compared if arm.flip_batch_norm is flip)
        )
        members = [
            Member(watched(fold, values), values, seed) for values in wanted for seed in seeds
        ]
        if not members:
            continue
        flipped = replace(shape, batch_norm=shape.batch_norm ^ flip)
        fits = trainer(members, flipped, params.train, keep_weights=False)
        for values, start in zip(wanted, range(0, len(fits), len(seeds)), strict=True):
            found[flip, values] = fits[start : start + len(seeds)]
    for arm in compared:
        for fit in found[arm.flip_batch_norm, arm.regularization]:
            if fit.failure:
                raise InputError(
                    f"evaluate: a network of {arm.title!r} failed ({fit.failure}), want a finite"
                    " loss. Lower train.learning_rate, or look for extreme values in the data."
                )
    return [found[arm.flip_batch_norm, arm.regularization] for arm in compared]


def _temperatures(search: InnerSearch) -> dict[str, float]:
    """Return the temperature of each arm that was a trial of the search, by the arm's name.

    They are fitted on the inner folds' predictions, which cost no further fit.
    """
    trials = {BASELINE: search.baseline, MIX: search.best, **search.alone}
    return {name: trial.temperature for name, trial in trials.items() if trial.loss is not None}


def _ensemble_record(mix: ArmRecord, networks: int) -> ArmRecord:
    """Return the record of the mean prediction of the mix's networks.

    It has no temperature: the inner search knows the predictions of single networks alone.
    """
    title = f"{mix.title}, mean of {networks} networks"
    return mix.model_copy(update={"name": ENSEMBLE, "title": title, "temperature": None})


def _lines(outer: OuterFold, arm: str, losses: dict[str, Floats]) -> pd.DataFrame:
    place = {"repeat": np.int32(outer.repeat), "fold": np.int32(outer.number)}
    row = outer.held_out.astype(np.int32)
    return pd.DataFrame({"row": row, **losses}).assign(arm=arm, **place)


def empty_losses(task: Task) -> pd.DataFrame:
    """Return a table of losses that has no line, as when there is no evaluation."""
    types = {"row": np.int32, **dict.fromkeys(loss_names(task), float), "arm": str}
    types |= {"repeat": np.int32, "fold": np.int32}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})


def _distinct(fits: Sequence[Sequence[Fit]]) -> list[Fit]:
    return list({id(fit): fit for networks in fits for fit in networks}.values())


def _cost(
    search: InnerSearch, inner: Sequence[Fold], fits: Sequence[Fit], final: Fold, params: Params
) -> dict[str, int]:
    """Epochs of all members, and their steps; inner folds are taken to be equally large."""
    steps = partial(_steps, size=params.train.batch_size)
    searched = sum(trial.epochs for trial in search.trials)
    fitted = sum(len(fit.val_loss) for fit in fits)
    return {
        "member_epochs": searched + fitted,
        "member_steps": searched * steps(inner[0]) + fitted * steps(final),
    }


def _steps(fold: Fold, size: int) -> int:
    return -(-len(fold.fit) // size)
