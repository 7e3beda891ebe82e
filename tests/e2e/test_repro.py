"""The promises of the whole pipeline, on a real run of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from pipeline.stages.compare import USUAL_S
from tests.e2e.conftest import Finished, Project, serving

# Equal bytes in equal surroundings.
STABLE = {
    "data/raw.parquet",
    "data/schema.json",
    "data/train.parquet",
    "data/val.parquet",
    "data/test.parquet",
    "data/split.json",
    "reports/trials.csv",
    "reports/best.json",
    "reports/tuning",
    "metrics/tune.json",
    "reports/evaluate.json",
    "reports/evaluate_losses.parquet",
    "metrics/evaluate.json",
    "metrics/compare.json",
    "models/tuned.keras",
    "models/baseline.keras",
    "models/tuned.npz",
    "models/baseline.npz",
    "models/preparation.json",
    "reports/comparison.json",
    "reports/predictions.csv",
    "reports/comparison.md",
    "reports/figures",
}


def outputs(project: Project) -> dict[str, str]:
    lock = YAML(typ="safe").load(project.path / "dvc.lock")
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}


def test_run_is_clean(finished: Finished) -> None:
    for line in finished.printed.splitlines():
        assert not re.search(r"warning|error|traceback|deprecat", line, re.IGNORECASE), line
    assert "registered regularized-net version 1 as challenger" in finished.printed
    assert "Promoted: version 1 is champion, the first one." in finished.printed


def test_last_stage_ends_with_the_answer_the_decision_and_where_to_look(
    finished: Finished,
) -> None:
    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    lines = finished.printed.splitlines()
    start = lines.index(f"Does regularization help on breast_cancer? {report['sentence']}",
                        lines.index("Running stage 'promote':"))  # fmt: skip
    assert lines[start + 1 : start + 5] == [
        "Gate: Promoted: version 1 is champion, the first one.",
        "Report: reports/comparison.html",
        "Why the gate decided so: reports/gate.md",
        "Runs and models: make ui",
    ]


def test_bar_of_compare_knows_its_parts(finished: Finished) -> None:
    timings = json.loads((finished.project.path / ".state/timings.json").read_text())
    assert list(timings) == list(USUAL_S)


def test_dvc_draws_every_plot_from_a_template_of_ours(copied: Project) -> None:
    copied.run("git", "add", "-A")
    copied.run("git", "commit", "-qm", "The run")
    scores = copied.path / "reports/tuning/scores.csv"
    scores.write_text("\n".join(scores.read_text().splitlines()[:-1]) + "\n")
    for command, revisions in (
        (["show"], {"workspace"}),
        (["diff", "HEAD"], {"HEAD", "workspace"}),
    ):
        printed = copied.run("dvc", "plots", *command, "--json")
        plots = json.loads(printed[printed.index("{") :])["data"]
        assert set(plots) >= {"Trials", "Learning curves", "ROC", "Confusion matrix, tuned"}
        # Those of a number have no rows, and so are not shown.
        assert [plots.pop(name) for name in ("Predicted against actual", "Errors")] == [[], []]
        for name, (plot,) in plots.items():
            content = plot["content"]
            spec = json.loads(content) if isinstance(content, str) else content
            assert "<DVC" not in json.dumps(spec), name
            assert {row["rev"] for row in spec["data"]["values"]} == revisions, name
        # Ours, and not DVC's own of such a name.
        for name, mark in (("Trials", "best so far"), ("Learning curves", "baseline, val"),
                           ("ROC", "'baseline' : 'tuned'"),
                           ("Confusion matrix, tuned", "share of the class")):  # fmt: skip
            assert mark in json.dumps(plots[name][0]["content"]), name


def test_second_run_has_nothing_to_do(copied: Project) -> None:
    assert "Data and pipelines are up to date." in copied.run("dvc", "repro")


def test_two_clones_give_the_same_bytes_to_a_file_and_to_a_server(
    finished: Finished, fresh: Callable[[], Project]
) -> None:
    other = fresh()
    command = ["mlflow", "server", "--workers", "1", "--backend-store-uri", "sqlite:///server.db"]
    with serving(other, *command) as address:
        printed = other.run("dvc", "repro", MLFLOW_TRACKING_URI=address)
        assert "registered regularized-net version 1 as challenger" in printed
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name("breast_cancer")
        assert experiment is not None
        assert len(client.search_runs([experiment.experiment_id])) == 9
        version = client.get_model_version_by_alias("regularized-net", "challenger")
        assert version.version == "1"
    assert not (other.path / "mlflow.db").exists()

    ours, theirs = outputs(finished.project), outputs(other)
    assert set(ours) == set(theirs) >= STABLE
    assert {path for path in ours if ours[path] != theirs[path]} <= set(ours) - STABLE
    pages = [(of.path / "reports/comparison.html").read_text() for of in (finished.project, other)]
    made = [re.search(r'<p class="made">(Made on .*) took \d+ s\.</p>', page) for page in pages]
    assert all(made)
    assert len({re.sub(r'<p class="made">.*</p>', "", page) for page in pages}) == 1


@pytest.mark.parametrize("stage", ["tune", "evaluate"])
def test_stages_before_compare_do_not_know_the_test_file(finished: Finished, stage: str) -> None:
    dvc = YAML(typ="safe").load(finished.project.path / "dvc.yaml")
    deps = dvc["stages"][stage]["deps"]
    assert not [dep for dep in deps if "test" in dep or dep in ("data", "data/")]
    assert "data/test.parquet" in dvc["stages"]["compare"]["deps"]


def test_tune_and_evaluate_run_without_the_test_file(copied: Project) -> None:
    outputs = [copied.path / name for name in ("reports/trials.csv", "reports/evaluate.json")]
    before = [path.read_bytes() for path in outputs]
    (copied.path / "data/test.parquet").unlink()
    (copied.path / "data/raw.parquet").unlink()
    for database in (copied.path / ".state").glob("optuna.db*"):
        database.unlink()
    shutil.rmtree(copied.path / ".state/evaluation")
    for path in outputs:
        path.unlink()
    copied.stage("tune")
    copied.stage("evaluate")
    assert [path.read_bytes() for path in outputs] == before


def test_changed_comment_reruns_nothing(copied: Project) -> None:
    copied.edit("# Adam's learning rate.", "# The learning rate of Adam.")
    assert "Data and pipelines are up to date." in copied.run("dvc", "repro")


def test_raised_trials_train_only_the_new_ones(copied: Project) -> None:
    before = pd.read_csv(copied.path / "reports/trials.csv")
    printed = copied.run("dvc", "exp", "run", "-S", "search.trials=5", "tune")
    assert "4 of 5 trials are there already" in printed
    after = pd.read_csv(copied.path / "reports/trials.csv")
    pd.testing.assert_frame_equal(after[:4], before)
    assert len(after) == 5


def test_metrics_and_plots_are_shown(copied: Project, tmp_path: Path) -> None:
    shown = copied.run("dvc", "metrics", "show")
    assert "best_cv_log_loss" in shown
    assert "difference.high" in shown
    page = copied.run("dvc", "plots", "show", "-o", str(tmp_path / "plots"))
    html = Path(page.strip().splitlines()[-1].removeprefix("file://")).read_text()
    for title in (
        "Cross-validated loss",
        "Loss over epochs",
        "ROC on test",
        "Precision and recall on test",
        "Confusion matrix on test, tuned",
    ):
        assert title in html


def test_stages_that_need_no_tensorflow_do_not_import_it(finished: Finished) -> None:
    needless = {
        "fetch": {"tensorflow", "mlflow", "numba"},
        "tune": {"tensorflow", "mlflow"},
        "evaluate": {"tensorflow"},
        "compare": {"tensorflow"},
        "promote": {"tensorflow", "numba"},
    }
    for stage in ("fetch", "split", "tune", "evaluate", "compare", "promote"):
        unwanted = needless.get(stage, needless["fetch"])
        script = f"import sys, pipeline.stages.{stage}; print({unwanted} & set(sys.modules))"
        assert finished.project.run("python", "-c", script).strip() == "set()"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: breast_cancer", "source: brest_cancer", "Did you mean 'breast_cancer'?"),
        ("group: null", "group: patient", "split.group is 'patient', want a column of"),
        ("  test: 0.15", "  test: 0.30", "split: train + val + test is 1.15, want 1."),
    ],
)
def test_bad_parameter_stops_with_one_message(
    copied: Project, old: str, new: str, message: str
) -> None:
    before = {path: path.read_bytes() for path in copied.path.glob("reports/*.*")}
    copied.edit(old, new)
    printed = copied.stage("fetch", code=1)
    assert message in printed
    assert len(printed.strip().splitlines()) == 1
    assert "Traceback" not in printed
    assert copied.run("dvc", "repro", code=255)
    assert {path: path.read_bytes() for path in copied.path.glob("reports/*.*")} == before


def test_missing_input_is_named(copied: Project) -> None:
    (copied.path / "data/train.parquet").unlink()
    assert "data/train.parquet: not found" in copied.stage("tune", code=1)


def test_models_judge_as_reported(finished: Finished) -> None:
    """The exported Keras model and the figures in the report belong together."""
    report = json.loads((finished.project.path / "reports/comparison.json").read_text())
    rows = report["data"]["rows"]
    split = json.loads((finished.project.path / "data/split.json").read_text())
    assert rows == {role: part["rows"] for role, part in split["roles"].items()}
    for kind in ("tuned", "baseline"):
        assert np.sum(report[kind]["confusion"]) == rows["test"]
        right = np.trace(report[kind]["confusion"]) / rows["test"]
        assert report[kind]["test"]["accuracy"] == pytest.approx(right)
        assert len(report[kind]["epochs"]) == len(report["seeds"]) == 3


def test_clean_leaves_what_git_keeps(copied: Project) -> None:
    copied.run("make", "clean")
    assert copied.run("git", "status", "--porcelain") == ""
    assert not (copied.path / "reports/comparison.html").exists()
    assert not (copied.path / ".state").exists()
