from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.params import Params
from pipeline.evaluation.fold import FoldResult
from pipeline.evaluation.headline import figures, sentence
from pipeline.evaluation.kept import Kept
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.result import Evaluation
from pipeline.evaluation.run import in_turn, plan_evaluation, run_evaluation
from pipeline.evaluation.summary import summarize
from pipeline.evaluation.tables import arms_table
from pipeline.project.records import written
from pipeline.training.fit import Trainer

SEVERAL = {"seeds": 3}


@pytest.fixture
def results(rows: Rows, params: Params, trainer: Trainer, tmp_path: Path) -> list[FoldResult]:
    plan = plan_evaluation(rows, params)
    kept = Kept(tmp_path, "abc")
    return list(run_evaluation(plan, params, in_turn(trainer), kept, lambda done, note: None))


def test_figures_are_means_over_rows_and_repetitions(
    results: list[FoldResult], rows: Rows, params: Params
) -> None:
    table = pd.concat([result.losses for result in results], ignore_index=True)
    # The order of the lines says nothing.
    mixed = table.sample(frac=1, random_state=1)
    records = [result.record for result in results]
    evaluation = summarize(records, mixed, rows, params)
    means = table.groupby("arm")[["log_loss", "brier"]].mean()
    for arm in (*evaluation.arms, *evaluation.peers):
        assert arm.loss == pytest.approx(means.loc[arm.name, "log_loss"])
        assert arm.second_loss == pytest.approx(means.loc[arm.name, "brier"])
    change = means["log_loss"]["tuned"] - means["log_loss"]["baseline"]
    difference = evaluation.difference.loss
    assert difference.estimate == pytest.approx(change)
    assert difference.low < change < difference.high
    assert difference.confidence == params.compare.confidence
    assert np.mean(evaluation.repeats) == pytest.approx(change)
    # Ten arms explain, and their intervals hold together.
    dropout = evaluation.arms[2].difference
    assert dropout is not None
    assert dropout.loss.confidence == pytest.approx(1 - (1 - params.compare.confidence) / 10)
    assert dropout.recalibrated is not None
    batch_norm = next(arm for arm in evaluation.arms if arm.name == "batch_norm")
    assert batch_norm.recalibrated is None
    for part in evaluation.parts:
        without = means["log_loss"][f"tuned_without_{part.name}"]
        assert part.difference.estimate == pytest.approx(means["log_loss"]["tuned"] - without)
    for peer in evaluation.peers:
        gain = means["log_loss"]["tuned"] - peer.loss
        assert peer.difference.estimate == pytest.approx(gain)

    by_fold = table[table["arm"] == "tuned"].groupby(["repeat", "fold"])["log_loss"].mean()
    assert [fold.tuned for fold in evaluation.folds] == pytest.approx(by_fold.tolist())
    assert sum(fold.rows for fold in evaluation.folds) == 2 * len(rows.frame)
    assert evaluation.networks == 2
    # One fold in so many is left out.
    share = 1 - 1 / evaluation.outer_folds
    assert evaluation.training_rows == round(share * len(rows.frame)) < len(rows.frame)
    assert evaluation.trials == 7

    # One network of each kind is no ensemble, and nothing of one is written.
    assert evaluation.ensemble is None
    assert "ensemble" not in json.dumps(written(evaluation, evaluation.task))

    text = json.dumps(evaluation.model_dump(), allow_nan=False)
    assert Evaluation.model_validate_json(text) == evaluation
    shown = figures(evaluation)
    assert shown["verdict"] == evaluation.verdict
    text = sentence(evaluation.model_copy(update={"verdict": "helps"}))
    assert text.startswith(f"Regularization helps: over {len(rows.frame)} rows")
    unsure = evaluation.tuned.difference
    assert unsure is not None
    tuned = evaluation.tuned.model_copy(
        update={"difference": unsure.model_copy(update={"rows_to_tell": 640})}
    )
    arms = (evaluation.baseline, tuned, *evaluation.arms[2:])
    text = sentence(evaluation.model_copy(update={"verdict": "cannot tell yet", "arms": arms}))
    assert text.startswith("These rows cannot tell yet whether regularization helps: over")
    assert text.endswith("; about 640 rows would.")


def test_several_networks_are_judged_as_an_ensemble_too(
    rows: Rows, params: Params, trainer: Trainer, tmp_path: Path
) -> None:
    several = params.model_copy(update={"evaluate": params.evaluate.model_copy(update=SEVERAL)})
    plan = plan_evaluation(rows, several)
    results = list(
        run_evaluation(plan, several, in_turn(trainer), Kept(tmp_path, "abc"), lambda *_: None)
    )
    table = pd.concat([result.losses for result in results], ignore_index=True)
    evaluation = summarize([result.record for result in results], table, rows, several)
    arm = evaluation.arms[2]
    assert (arm.name, arm.title) == ("tuned_ensemble", "Tuned mix, mean of 3 networks")
    means = table.groupby("arm")["log_loss"].mean()
    assert arm.loss == pytest.approx(means["tuned_ensemble"])
    assert arm.recalibrated is None
    assert evaluation.ensemble is not None
    gain = evaluation.ensemble.difference
    assert gain.estimate == pytest.approx(means["tuned_ensemble"] - means["tuned"])
    # The log loss is convex, so a mean of different networks loses less than they do on average.
    by_row = table.set_index(["arm", "repeat", "row"])["log_loss"]
    assert (by_row["tuned_ensemble"] < by_row["tuned"] + 1e-12).all()
    assert gain.estimate < 0
    assert gain.low < gain.estimate < gain.high
    assert gain.confidence == params.compare.confidence
    assert evaluation.ensemble.networks == 3
    assert not any(part.name == "ensemble" for part in evaluation.parts)
    compared = arms_table(evaluation)["compared"]
    assert (compared == "their mean prediction with each of them alone").sum() == 1
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation


def test_no_evaluation_says_so() -> None:
    assert figures(None) == {"verdict": "not evaluated"}
