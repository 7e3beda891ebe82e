"""From the outer folds' losses to the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config.params import Params
from pipeline.config.sections.compare import CompareParams
from pipeline.evaluation.arms import BASELINE, MIX, part_of
from pipeline.evaluation.losses import LOSSES
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.peers import PEERS
from pipeline.evaluation.records import ArmRecord, FoldRecord
from pipeline.evaluation.result import (
    Arm,
    ArmDifference,
    Evaluation,
    OuterFoldRecord,
    PartOfMix,
    Peer,
)
from pipeline.regularizers import BY_NAME
from pipeline.statistics.nested import ProcedureDifference, procedure_differences
from pipeline.statistics.verdicts import procedure_verdict, row_effects, rows_to_tell
from pipeline.tasks.arrays import Floats, Labels

# (repeat, row) values of each loss, by the name of the arm or peer.
Losses = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True, eq=False)
class _Judge:
    """Judges differences on these folds and groups, at this confidence."""

    fold: Labels
    groups: Labels | None
    settings: CompareParams
    seed: int

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
    evaluate, compare = params.evaluate, params.compare
    table, fold = _by_arm(losses, len(rows.frame))
    judge = _Judge(fold, _groups(rows), compare, params.seed)
    arms = _arms(records, table, judge)
    mix = arms[1].difference
    assert mix is not None
    return Evaluation(
        verdict=mix.verdict,
        dataset=rows.schema.name,
        confidence=compare.confidence,
        rope=compare.rope,
        resamples=compare.resamples,
        rows=len(rows.frame),
        available=rows.available,
        training_rows=round(len(rows.frame) * (1 - 1 / evaluate.folds)),
        outer_folds=evaluate.folds,
        inner_folds=evaluate.inner_folds,
        trials=len(records[0].trials),
        networks=evaluate.seeds * evaluate.repeats,
        repeats=tuple(_change(table, MIX, BASELINE).mean(1).tolist()),
        arms=arms,
        parts=_parts(records[0].arms, table, judge),
        peers=_peers(table, judge),
        folds=tuple(_fold(record, table, fold) for record in records),
        member_epochs=sum(record.member_epochs for record in records),
        member_steps=sum(record.member_steps for record in records),
    )


def _by_arm(losses: pd.DataFrame, rows: int) -> tuple[dict[str, dict[str, Floats]], Labels]:
    """Return the losses as arrays, and (repeat, row) outer folds.

    Each arm scores each row once in each repetition.
    """
    ordered = losses.sort_values(["repeat", "row"], kind="stable")
    by_arm = {
        str(name): {loss: lines[loss].to_numpy(float).reshape(-1, rows) for loss in LOSSES}
        for name, lines in ordered.groupby("arm", sort=False)
    }
    fold = ordered.loc[ordered["arm"] == BASELINE, "fold"].to_numpy(np.int32)
    return by_arm, fold.reshape(-1, rows)


def _groups(rows: Rows) -> Labels | None:
    """(row,) numbers of what stays together; None if each row stands alone."""
    unique, numbers = np.unique(rows.identity, return_inverse=True)
    return None if len(unique) == len(numbers) else numbers


def _change(table: Losses, arm: str, other: str, loss: str = "log_loss") -> Floats:
    return table[arm][loss] - table[other][loss]


def _arms(records: Sequence[FoldRecord], table: Losses, judge: _Judge) -> tuple[Arm, ...]:
    """Return all arms; the mix is judged by itself, and the others together."""
    explaining = [arm.name for arm in records[0].arms if arm.name not in (BASELINE, MIX)]
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
                log_loss=float(values["log_loss"].mean()),
                brier=float(values["brier"].mean()),
                recalibrated=float(values["recalibrated"].mean()) if scaled else None,
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
    log_loss, brier = judged("log_loss", names), judged("brier", names)
    recalibrated = judged("recalibrated", both_scaled)
    rope, count = judge.settings.rope, judge.fold.shape[1]
    return {
        name: ArmDifference(
            log_loss=log_loss[name],
            brier=brier[name],
            recalibrated=recalibrated.get(name),
            verdict=procedure_verdict(log_loss[name], rope),
            rows_to_tell=rows_to_tell(log_loss[name], count, rope),
            rows=row_effects(table[name]["log_loss"], table[BASELINE]["log_loss"]),
        )
        for name in names
    }


def _is_scaled(table: Losses, name: str) -> bool:
    """Say whether an arm has a temperature in each outer fold."""
    return bool(np.isfinite(table[name]["recalibrated"]).all())


def _parts(names: Sequence[ArmRecord], table: Losses, judge: _Judge) -> tuple[PartOfMix, ...]:
    without = {part: arm.name for arm in names if (part := part_of(arm.name))}
    found = judge([_change(table, MIX, arm) for arm in without.values()])
    return tuple(
        PartOfMix(
            name=part,
            title=BY_NAME[part].title,
            difference=difference,
            verdict=procedure_verdict(difference, judge.settings.rope),
        )
        for part, difference in zip(without, found, strict=True)
    )


def _peers(table: Losses, judge: _Judge) -> tuple[Peer, ...]:
    found = judge([_change(table, MIX, name) for name in PEERS])
    return tuple(
        Peer(
            name=name,
            title=title,
            log_loss=float(table[name]["log_loss"].mean()),
            brier=float(table[name]["brier"].mean()),
            difference=difference,
            verdict=procedure_verdict(difference, judge.settings.rope),
        )
        for (name, title), difference in zip(PEERS.items(), found, strict=True)
    )


def _fold(record: FoldRecord, table: Losses, fold: Labels) -> OuterFoldRecord:
    held_out = fold[record.repeat] == record.fold
    arms = {arm.name: arm.regularization for arm in record.arms}
    scored = [trial.log_loss for trial in record.trials if trial.log_loss is not None]
    return OuterFoldRecord(
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
