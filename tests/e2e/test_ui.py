"""What a person sees in MLflow's own pages."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from mlflow import MlflowClient

from tests.e2e.browser import PAGE_S, Browser, browsing
from tests.e2e.conftest import Finished, serving

MODE = "workflowType=machine_learning"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def pages(
    browser: Browser, finished: Finished, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The beginning of each page's address, with a server over a copy of the finished run."""
    command = ["mlflow", "server", "--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"]
    shown = finished.copy(tmp_path_factory.mktemp("shown") / "copy")
    shown.run(sys.executable, "-m", "pipeline.tracking.store.local")
    with serving(shown, *command) as address:
        yield f"{address}/#"


@pytest.fixture
def runs(finished: Finished) -> dict[str, str]:
    """Ids of the runs by name; the study's by its kind."""
    client = MlflowClient(f"sqlite:///{finished.project.path}/mlflow.db")
    found = client.search_runs(["1"])
    named = {run.info.run_name: run.info.run_id for run in found}
    return named | {run.data.tags["kind"]: run.info.run_id for run in found}


@pytest.fixture
def sentence(finished: Finished) -> str:
    return str(
        json.loads((finished.project.path / "reports/comparison.json").read_text())["sentence"]
    )


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PAGE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_experiments_list_names_the_data(browser: Browser, pages: str) -> None:
    browser.open(f"{pages}/experiments?{MODE}", "breast_cancer", "Does regularization help")
    browser.keep("experiments")


def test_runs_page_opens_with_study_and_comparison(browser: Browser, pages: str) -> None:
    text = browser.open(f"{pages}/experiments/1/runs?{MODE}", "comparison ", "study ", "Views")
    # Trials and networks are folded below them.
    assert "trial-000" not in text
    browser.keep("runs")


def test_saved_view_shows_trials_with_scores_and_values(browser: Browser, pages: str) -> None:
    address = f"{pages}/experiments/1/runs?{MODE}&viewStateShareKey=trials"
    wanted = ("trial-000", "trial-003", "Trials, best first", "cv_log_loss", "cv_log_loss_std")
    browser.open(address, *wanted, "dropout", "4 matching runs")
    browser.keep("view-trials")


def test_saved_view_overlays_learning_curves(browser: Browser, pages: str) -> None:
    address = f"{pages}/experiments/1/runs?{MODE}&viewStateShareKey=curves&compareRunsMode=CHART"
    browser.open(
        address, "Trials, learning curves", "Curves\n(3)", "val_log_loss", "trial-001", "Step"
    )
    browser.keep("view-curves")


def test_saved_view_shows_comparisons_with_verdict(browser: Browser, pages: str) -> None:
    address = f"{pages}/experiments/1/runs?{MODE}&viewStateShareKey=comparisons"
    wanted = ("Comparisons, newest first", "verdict", "1 matching run")
    # The evaluation's, which the verdict rests on, and not those of the test rows.
    figures = ("evaluation_log_loss_difference", "evaluation_helps_probability")
    text = browser.open(address, *wanted, *figures)
    assert not re.search(r"(?<!evaluation_)log_loss_difference", text)
    browser.keep("view-comparisons")


def test_study_run_reads_as_a_summary(browser: Browser, pages: str, runs: dict[str, str]) -> None:
    page = f"{pages}/experiments/1/runs/{runs['study']}"
    wanted = ("Search for regularization: 4 trials", "Baseline", "git checkout", "Finished")
    text = browser.open(f"{page}?{MODE}", *wanted, "dvc_stage", "trial-003", "train (")
    assert "tune.py" in text
    browser.keep("study")
    for name in ("history", "learning_curves", "importance", "slice", "parallel_coordinates"):
        browser.open(f"{page}/artifacts/tuning/{name}.png?{MODE}", f"{name}.png")
        eventually(lambda: browser.widest_image() > 500, f"{name}.png is not shown")
    browser.open(f"{page}/artifacts/tuning/learning_curves.png?{MODE}", "learning_curves.png")
    eventually(lambda: browser.widest_image() > 500, "no image")
    browser.keep("study-learning-curves")


def test_trial_run_has_score_values_and_parent(
    browser: Browser, pages: str, runs: dict[str, str]
) -> None:
    page = f"{pages}/experiments/1/runs/{runs['trial-001']}"
    wanted = ("trial-001", "CV log loss", "Part of the study", "cv_roc_auc", "patience")
    browser.open(f"{page}?{MODE}", *wanted, "Parent run", "Finished")
    browser.keep("trial")


def test_comparison_run_says_the_verdict(
    browser: Browser, pages: str, runs: dict[str, str], sentence: str
) -> None:
    page = f"{pages}/experiments/1/runs/{runs['comparison']}"
    browser.open(f"{page}?{MODE}", sentence, "git checkout", "verdict", "tuned ", "baseline ")
    browser.keep("comparison")
    browser.open(f"{page}/artifacts/comparison.html?{MODE}", "comparison.html")
    eventually(lambda: sentence in browser.frame_text(), "the report does not say the verdict")
    browser.keep("comparison-report")


def test_models_page_lists_the_model(browser: Browser, pages: str) -> None:
    browser.open(f"{pages}/models?{MODE}", "regularized-net", "@ baseline")
    browser.keep("models")


def test_model_version_says_the_verdict_and_the_way_back(
    browser: Browser, pages: str, sentence: str
) -> None:
    page = f"{pages}/models/regularized-net/versions/1"
    browser.open(f"{page}?{MODE}", sentence, "@ champion", "git checkout", "promoted on")
    browser.keep("version")
