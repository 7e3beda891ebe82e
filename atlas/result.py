"""The result of one table: what the atlas keeps of its evaluation, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from atlas.tables import HERE
from pipeline.evaluation.answer import lone_arms
from pipeline.evaluation.result import Evaluation
from pipeline.project.outputs import write_text
from pipeline.statistics.nested import ProcedureDifference
from pipeline.statistics.verdicts import ProcedureVerdict

RESULTS = HERE / "results"
# Digits of a figure that count; more are noise.
DIGITS = 6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Record):
    """A difference in loss with its interval; below 0 is better."""

    estimate: float
    low: float
    high: float
    helps_probability: float
    verdict: ProcedureVerdict


class Row(_Record):
    """One way to predict. change: an arm minus the baseline, or the tuned network minus a peer."""

    name: str
    title: str
    loss: float
    change: Change | None


class Size(_Record):
    """Describes the table that was read, and the network's size on it.

    rows: with a target. gaps: share of cells that are empty. inputs: columns after preparation.
    weights: of the network, biases included. used: rows of the evaluation; training: of one fit
    and its stopping.
    """

    rows: int
    columns: int
    categories: int
    gaps: float
    classes: int | None
    inputs: int
    weights: int
    used: int
    training: int


class Finding(_Record):
    """Holds the findings of a table's evaluation.

    loss: the name of the loss. alone: the technique that alone has the least loss. answer: the
    pipeline's sentence. epochs: of all networks together.
    """

    size: Size
    loss: str
    arms: tuple[Row, ...]
    peers: tuple[Row, ...]
    alone: str
    answer: str
    epochs: int


class Made(_Record):
    """Names the code and settings of a result. code: the commit, with + if files differed."""

    code: str
    fingerprint: str
    packages: dict[str, str]
    seconds: float


class Result(_Record):
    """The result of one table; either a finding, or the line that says why there is none."""

    table: str
    finding: Finding | None
    failure: str | None
    made: Made


def finding_of(evaluation: Evaluation, size: Size, answer: str) -> Finding:
    """Return what the atlas keeps of an evaluation."""
    return Finding(
        size=size,
        loss=evaluation.task.loss.name,
        arms=tuple(
            Row(
                name=arm.name,
                title=arm.title,
                loss=_short(arm.loss),
                change=_change(arm.difference.loss, arm.difference.verdict)
                if arm.difference
                else None,
            )
            for arm in evaluation.arms
        ),
        peers=tuple(
            Row(
                name=peer.name,
                title=peer.title,
                loss=_short(peer.loss),
                change=_change(peer.difference, peer.verdict),
            )
            for peer in evaluation.peers
        ),
        alone=min(lone_arms(evaluation), key=lambda arm: arm.loss).name,
        answer=answer,
        epochs=evaluation.member_epochs,
    )


def write_result(result: Result, folder: Path = RESULTS) -> None:
    """Write a result whole or not at all."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(result.model_dump(), indent=1, ensure_ascii=False)
    write_text(folder / f"{result.table}.json", f"{text}\n")


def read_results(names: Iterable[str], folder: Path = RESULTS) -> dict[str, Result]:
    """Return the results that there are, in the order of the names."""
    files = {name: folder / f"{name}.json" for name in names}
    return {
        name: Result.model_validate_json(file.read_bytes())
        for name, file in files.items()
        if file.is_file()
    }


def _change(difference: ProcedureDifference, verdict: ProcedureVerdict) -> Change:
    return Change(
        estimate=_short(difference.estimate),
        low=_short(difference.low),
        high=_short(difference.high),
        helps_probability=round(difference.helps_probability, DIGITS),
        verdict=verdict,
    )


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
