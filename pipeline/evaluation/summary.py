"""From the outer folds' losses to the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil

import numpy as np
import pandas as pd

from pipeline.comparison.ablation import holm
from pipeline.config.params import Params
from pipeline.evaluation.arms import BASELINE, MIX, part_of
from pipeline.evaluation.difference import ProcedureDifference, procedure_difference
from pipeline.evaluation.fold import ArmRecord, FoldRecord
from pipeline.evaluation.losses import LOSSES
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.peers import PEERS
from pipeline.evaluation.result import Arm, Evaluation, Fold, Part, Peer, Tail
from pipeline.regularizers import BY_NAME
from pipeline.tasks.classification import Floats

WORST_SHARE = 0.01
# (repeat, row) values of each loss, by the name of the arm or peer.
Losses = Mapping[str, Mapping[str, Floats]]


def summarize(
    records: Sequence[FoldRecord], losses: pd.DataFrame, rows: Rows, params: Params
) -> Evaluation:
    """Return the result of all outer folds.

    losses: a line for each repetition, row and arm or peer.
    """
    first, evaluate = records[0], params.evaluate
    table = _by_arm(losses, len(rows.frame))
    fold = _folds(losses, len(rows.frame))
    compare = partial(
        procedure_difference,
        fold=fold,
        confidence=params.compare.confidence,
        resamples=params.compare.resamples,
        seed=params.seed,
    )
    arms = _arms(first.arms, records, table, compare)
    tuned = table[MIX]["log_loss"]
    main = arms[1].difference
    assert main is not None
    return Evaluation(
        verdict=main.verdict,
        difference=main,
        confidence=params.compare.confidence,
        resamples=params.compare.resamples,
        rows=len(rows.frame),
        available=rows.available,
        training_rows=round(len(rows.frame) * (1 - 1 / evaluate.folds)),
        outer_folds=evaluate.folds,
        inner_folds=evaluate.inner_folds,
        trials=len(first.trials),
        seeds=evaluate.seeds,
        networks=evaluate.seeds * evaluate.repeats,
        repeats=tuple((tuned - table[BASELINE]["log_loss"]).mean(1).tolist()),
        arms=arms,
        parts=_parts(first.arms, table, compare),
        peers=tuple(
            Peer(
                name=name,
                title=title,
                log_loss=float(table[name]["log_loss"].mean()),
                brier=float(table[name]["brier"].mean()),
                difference=compare(tuned - table[name]["log_loss"]),
            )
            for name, title in PEERS.items()
        ),
        folds=tuple(_fold(record, table, fold) for record in records),
        member_epochs=sum(record.member_epochs for record in records),
        member_steps=sum(record.member_steps for record in records),
    )


def _by_arm(losses: pd.DataFrame, rows: int) -> dict[str, dict[str, Floats]]:
    """Return the losses as arrays; each arm scores each row once in each repetition."""
    ordered = losses.sort_values(["repeat", "row"], kind="stable")
    return {
        str(name): {loss: lines[loss].to_numpy(float).reshape(-1, rows) for loss in LOSSES}
        for name, lines in ordered.groupby("arm", sort=False)
    }


def _folds(losses: pd.DataFrame, rows: int) -> np.ndarray:
    """(repeat, row) outer folds."""
    lines = losses[losses["arm"] == BASELINE].sort_values(["repeat", "row"], kind="stable")
    return np.asarray(lines["fold"], np.int32).reshape(-1, rows)


def _arms(
    names: Sequence[ArmRecord],
    records: Sequence[FoldRecord],
    table: Losses,
    compare: partial[ProcedureDifference],
) -> tuple[Arm, ...]:
    explaining = [arm.name for arm in names if arm.name not in (BASELINE, MIX)]
    arms = []
    for place, named in enumerate(names):
        values, base = table[named.name], table[BASELINE]
        scaled = bool(np.isfinite(values["recalibrated"]).all())
        arm = Arm(
            name=named.name,
            title=named.title,
            log_loss=float(values["log_loss"].mean()),
            brier=float(values["brier"].mean()),
            recalibrated=float(values["recalibrated"].mean()) if scaled else None,
            epochs=float(np.mean([record.arms[place].epochs for record in records])),
        )
        if named.name != BASELINE:
            both = scaled and bool(np.isfinite(base["recalibrated"]).all())
            arm = arm.model_copy(
                update={
                    "difference": compare(values["log_loss"] - base["log_loss"]),
                    "brier_difference": compare(values["brier"] - base["brier"]),
                    "recalibrated_difference": (
                        compare(values["recalibrated"] - base["recalibrated"]) if both else None
                    ),
                    "tail": tail(values["log_loss"].mean(0), base["log_loss"].mean(0)),
                }
            )
        arms.append(arm)
    p_values = [arm.difference.p_value for arm in arms if arm.difference and arm.name in explaining]
    corrected = dict(zip(explaining, holm(p_values), strict=True))
    return tuple(arm.model_copy(update={"p_holm": corrected.get(arm.name)}) for arm in arms)


def _parts(
    names: Sequence[ArmRecord], table: Losses, compare: partial[ProcedureDifference]
) -> tuple[Part, ...]:
    mix = table[MIX]["log_loss"]
    found = {
        part: compare(mix - table[arm.name]["log_loss"])
        for arm in names
        if (part := part_of(arm.name))
    }
    corrected = holm([difference.p_value for difference in found.values()])
    return tuple(
        Part(name=part, title=BY_NAME[part].title, difference=difference, p_holm=p)
        for (part, difference), p in zip(found.items(), corrected, strict=True)
    )


def tail(losses: Floats, baseline: Floats) -> Tail:
    """Return where the difference between (row,) losses and the baseline's comes from."""
    differences = losses - baseline
    count = ceil(WORST_SHARE * len(differences))
    worst = np.argsort(-np.maximum(losses, baseline), kind="stable")[:count]
    total = float(differences.sum())
    return Tail(
        better=float((differences < 0).mean()),
        median=float(np.median(differences)),
        worst_rows=count,
        worst_share=float(differences[worst].sum()) / total if total else None,
    )


def _fold(record: FoldRecord, table: Losses, fold: np.ndarray) -> Fold:
    held_out = fold[record.repeat] == record.fold
    arms = {arm.name: arm.regularization for arm in record.arms}
    scored = [trial.log_loss for trial in record.trials if trial.log_loss is not None]
    return Fold(
        repeat=record.repeat,
        fold=record.fold,
        rows=int(held_out.sum()),
        baseline=float(table[BASELINE]["log_loss"][record.repeat, held_out].mean()),
        tuned=float(table[MIX]["log_loss"][record.repeat, held_out].mean()),
        regularization=arms[MIX],
        alone={name: float(getattr(arms[name], name)) for name in BY_NAME if name in arms},
        searched_baseline=record.trials[0].log_loss,
        searched_best=min(scored),
    )
