"""Killed anywhere and started again, an evaluation gives the bytes of an undisturbed one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.config.params import Params
from pipeline.evaluation import run as module
from pipeline.evaluation.fold import FoldResult
from pipeline.evaluation.kept import Kept
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.result import Evaluation
from pipeline.evaluation.run import in_turn, plan_evaluation, run_evaluation
from pipeline.evaluation.summary import summarize
from pipeline.training.fit import Trainer


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it."""


class Mortal(Kept):
    """Dies within a write: before it, after the losses, or once all is written."""

    def __init__(self, root: Path, deaths: dict[tuple[int, int], str]) -> None:
        super().__init__(root, "abc")
        object.__setattr__(self, "deaths", deaths)

    def write(self, result: FoldResult) -> None:
        place = (result.record.repeat, result.record.fold)
        death = self.deaths.pop(place, None)  # type: ignore[attr-defined]
        if death == "before":
            raise Killed
        super().write(result)
        if death == "between":
            self._paths(*place)[0].unlink()
        if death:
            raise Killed


def outcome(rows: Rows, params: Params, trainer: Trainer, kept: Kept) -> tuple[Evaluation, bytes]:
    plan = plan_evaluation(rows, params)
    results = list(run_evaluation(plan, params, in_turn(trainer), kept, lambda done, note: None))
    table = pd.concat([result.losses for result in results], ignore_index=True)
    evaluation = summarize([result.record for result in results], table, rows, params)
    return evaluation, table.to_parquet(index=False)


def test_kills_change_nothing(rows: Rows, params: Params, trainer: Trainer, tmp_path: Path) -> None:
    undisturbed = outcome(rows, params, trainer, Kept(tmp_path / "a", "abc"))
    deaths = {(0, 0): "before", (0, 2): "between", (1, 1): "after"}
    for _ in range(3):
        with pytest.raises(Killed):
            outcome(rows, params, trainer, Mortal(tmp_path / "b", deaths))
    assert not deaths
    assert outcome(rows, params, trainer, Kept(tmp_path / "b", "abc")) == undisturbed


def test_finished_folds_are_not_computed_again(
    rows: Rows, params: Params, trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, "abc")
    once = params.model_copy(update={"evaluate": params.evaluate.model_copy(update={"repeats": 1})})
    first = outcome(rows, once, trainer, kept)
    computed = []
    real = module.evaluate_fold

    def counted(*arguments: object) -> FoldResult:
        result = real(*arguments)  # type: ignore[arg-type]
        computed.append((result.record.repeat, result.record.fold))
        return result

    monkeypatch.setattr(module, "evaluate_fold", counted)
    twice = outcome(rows, params, trainer, kept)
    assert computed == [(1, 0), (1, 1), (1, 2)]
    assert twice[0].repeats[:1] == first[0].repeats
    # What cannot be read is computed again, to the same bytes.
    (tmp_path / "abc/r0-f1.parquet").write_bytes(b"torn")
    (tmp_path / "abc/r1-f0.json").write_text("{")
    assert outcome(rows, params, trainer, kept) == twice
    assert computed[3:] == [(0, 1), (1, 0)]


def test_progress_counts_what_is_done(
    rows: Rows, params: Params, trainer: Trainer, tmp_path: Path
) -> None:
    shown: list[tuple[int, str]] = []

    def run() -> list[FoldResult]:
        plan = plan_evaluation(rows, params)
        kept = Kept(tmp_path, "abc")
        return list(
            run_evaluation(plan, params, in_turn(trainer), kept, lambda *one: shown.append(one))
        )

    run()
    assert [done for done, _ in shown] == [1, 2, 3, 4, 5, 6]
    (tmp_path / "abc/r0-f1.json").unlink()
    shown.clear()
    run()
    assert [done for done, _ in shown] == [6]


def test_other_evaluations_are_dropped(tmp_path: Path) -> None:
    for name in ("abc", "old", "older"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "r0-f0.json").touch()
    Kept(tmp_path, "abc").drop_others()
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]
