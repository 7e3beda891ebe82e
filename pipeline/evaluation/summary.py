"""From the outer folds' losses to the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.params import Params
from pipeline.config.sections.compare import CompareParams
from pipeline.data.target import actual_values
from pipeline.evaluation.arms import BASELINE, ENSEMBLE, MIX, part_of
from pipeline.evaluation.losses import RECALIBRATED, loss_names
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.records import ArmRecord, FoldRecord
from pipeline.evaluation.result import (
    Arm,
    ArmDifference,
    EnsembleGain,
    Evaluation,
    OuterFoldRecord,
    PartOfMix,
    Peer,
)
from pipeline.regularizers import BY_NAME
from pipeline.statistics.nested import ProcedureDifference, procedure_differences
from pipeline.statistics.verdicts import procedure_verdict, row_effects, rows_to_tell
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.task import Task

# (repeat, row) values of each loss, by the name of the arm or peer.
Losses = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True, eq=False)
class _Judge:
    """Judges differences by these losses, on these folds and groups, at this confidence.

    rope: a difference in the loss that matters to nobody, in the loss's own units.
    """

    fold: Labels
    groups: Labels | None
    settings: CompareParams
    seed: int
    task: Task
    rope: float

    def __call__(self, differences: Sequence[Floats]) -> list[ProcedureDifference]:
        """Return the differences of one family, corrected for their number."""
        return procedure_differences(
            differences,
            self.fold,
            confidence=self.settings.confidence,
            resamples=self.settings.resamples,
            seed=self.seed,
            groups=self.groups,
        )


def summarize(
    records: Sequence[FoldRecord], losses: pd.DataFrame, rows: Rows, params: Params
) -> Evaluation:
    """Return the result of all outer folds.

    losses: a line for each repetition, row and arm or peer, in any order.
    """
    evaluate, compare, task = params.evaluate, params.compare, rows.schema.task
    table, fold = _by_arm(losses, len(rows.frame), task)
    rope = compare.rope * task.loss_unit(actual_values(rows.frame, rows.schema))
    judge = _Judge(fold, _groups(rows), compare, params.seed, task, rope)
    arms = _arms(records, table, judge)
    mix = arms[1].difference
    assert mix is not None
    return Evaluation(
        verdict=mix.verdict,
        dataset=rows.schema.name,
        confidence=compare.confidence,
        rope=rope,
        resamples=compare.resamples,
        rows=len(rows.frame),
        available=rows.available,
        training_rows=round(len(rows.frame) * (1 - 1 / evaluate.folds)),
        outer_folds=evaluate.folds,
        inner_folds=evaluate.inner_folds,
        trials=len(records[0].trials),
        networks=evaluate.seeds * evaluate.repeats,
        repeats=tuple(_change(table, MIX, BASELINE, task.loss.name).mean(1).tolist()),
        arms=arms,
        parts=_parts(records[0].arms, table, judge),
        peers=_peers(table, judge),
        folds=tuple(_fold(record, table, fold, task.loss.name) for record in records),
        member_epochs=sum(record.member_epochs for record in records),
        member_steps=sum(record.member_steps for record in records),
        task_name=None if task is CLASSIFICATION else task.name,
        ensemble=_ensemble(table, judge, evaluate.seeds),
    )


def _by_arm(
    losses: pd.DataFrame, rows: int, task: Task
) -> tuple[dict[str, dict[str, Floats]], Labels]:
    """Return the losses as arrays, and (repeat, row) outer folds.

    Each arm scores each row once in each repetition.
    """
    ordered = losses.sort_values(["repeat", "row"], kind="stable")
    by_arm = {
        str(name): {
            loss: lines[loss].to_numpy(float).reshape(-1, rows) for loss in loss_names(task)
        }
        for name, lines in ordered.groupby("arm", sort=False)
    }
    fold = ordered.loc[ordered["arm"] == BASELINE, "fold"].to_numpy(np.int32)
    return by_arm, fold.reshape(-1, rows)


def _groups(rows: Rows) -> Labels | None:
    """(row,) numbers of what stays together; None if each row stands alone."""
    unique, numbers = np.unique(rows.identity, return_inverse=True)
    return None if len(unique) == len(numbers) else numbers


def _change(table: Losses, arm: str, other: str, loss: str) -> Floats:
    return table[arm][loss] - table[other][loss]


def _arms(records: Sequence[FoldRecord], table: Losses, judge: _Judge) -> tuple[Arm, ...]:
    """Return all arms; the mix is judged by itself, and the others together."""
    explaining = [arm.name for arm in records[0].arms if arm.name not in (BASELINE, MIX)]
    first, second, recalibrated = loss_names(judge.task)
    compared = {**_compared([MIX], table, judge), **_compared(explaining, table, judge)}
    arms = []
    for place, named in enumerate(records[0].arms):
        fold_arms = [record.arms[place] for record in records]
        temperatures = [arm.temperature for arm in fold_arms if arm.temperature is not None]
        values = table[named.name]
        scaled = _is_scaled(table, named.name)
        arms.append(
            Arm(
                name=named.name,
                title=named.title,
                loss=float(values[first].mean()),
                second_loss=float(values[second].mean()),
                recalibrated=float(values[recalibrated].mean()) if scaled else None,
                temperature=float(np.mean(temperatures)) if scaled else None,
                epochs=float(np.mean([arm.epochs for arm in fold_arms])),
                difference=compared.get(named.name),
            )
        )
    return tuple(arms)


def _compared(names: Sequence[str], table: Losses, judge: _Judge) -> dict[str, ArmDifference]:
    """Return one family of arms beside the baseline, by name."""

    def judged(loss: str, chosen: Sequence[str]) -> dict[str, ProcedureDifference]:
        found = judge([_change(table, name, BASELINE, loss) for name in chosen])
        return dict(zip(chosen, found, strict=True))

    both_scaled = [
        name for name in names if _is_scaled(table, name) and _is_scaled(table, BASELINE)
    ]
    first, second, rescaled = loss_names(judge.task)
    loss, second_loss = judged(first, names), judged(second, names)
    recalibrated = judged(rescaled, both_scaled)
    rope, count = judge.rope, judge.fold.shape[1]
    return {
        name: ArmDifference(
            loss=loss[name],
            second_loss=second_loss[name],
            recalibrated=recalibrated.get(name),
            verdict=procedure_verdict(loss[name], rope),
            rows_to_tell=rows_to_tell(loss[name], count, rope),
            rows=row_effects(table[name][first], table[BASELINE][first]),
        )
        for name in names
    }


def _is_scaled(table: Losses, name: str) -> bool:
    """Say whether an arm has a temperature in each outer fold."""
    return bool(np.isfinite(table[name][RECALIBRATED]).all())


def _parts(names: Sequence[ArmRecord], table: Losses, judge: _Judge) -> tuple[PartOfMix, ...]:
    without = {part: arm.name for arm in names if (part := part_of(arm.name))}
    found = judge([_change(table, MIX, arm, judge.task.loss.name) for arm in without.values()])
    return tuple(
        PartOfMix(
            name=part,
            title=BY_NAME[part].title,
            difference=difference,
            verdict=procedure_verdict(difference, judge.rope),
        )
        for part, difference in zip(without, found, strict=True)
    )


def _ensemble(table: Losses, judge: _Judge, networks: int) -> EnsembleGain | None:
    if ENSEMBLE not in table:
        return None
    (difference,) = judge([_change(table, ENSEMBLE, MIX, judge.task.loss.name)])
    verdict = procedure_verdict(difference, judge.rope)
    return EnsembleGain(networks=networks, difference=difference, verdict=verdict)


def _peers(table: Losses, judge: _Judge) -> tuple[Peer, ...]:
    first, second, _ = loss_names(judge.task)
    peers = judge.task.peers
    found = judge([_change(table, MIX, peer.name, first) for peer in peers])
    return tuple(
        Peer(
            name=peer.name,
            title=peer.title,
            loss=float(table[peer.name][first].mean()),
            second_loss=float(table[peer.name][second].mean()),
            difference=difference,
            verdict=procedure_verdict(difference, judge.rope),
        )
        for peer, difference in zip(peers, found, strict=True)
    )


def _fold(record: FoldRecord, table: Losses, fold: Labels, loss: str) -> OuterFoldRecord:
    held_out = fold[record.repeat] == record.fold
    arms = {arm.name: arm.regularization for arm in record.arms}
    scored = [trial.loss for trial in record.trials if trial.loss is not None]
    return OuterFoldRecord(
        repeat=record.repeat,
        fold=record.fold,
        rows=int(held_out.sum()),
        baseline=float(table[BASELINE][loss][record.repeat, held_out].mean()),
        tuned=float(table[MIX][loss][record.repeat, held_out].mean()),
        regularization=arms[MIX],
        alone={name: float(getattr(arms[name], name)) for name in BY_NAME if name in arms},
        searched_baseline=record.trials[0].loss,
        searched_best=min(scored),
    )
