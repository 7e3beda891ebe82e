"""Make the pictures and figures of README and docs, all from the same runs (`make pictures`).

The pipeline runs in scratch folders, on the settings of params.yaml and on those of the worked
example. What is here stays as it is, but for docs/*.png, docs/figures and the drawn parts of pages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlflow import MlflowClient

from checks import figures
from pipeline.config.editor import edit_params
from tests.e2e.browser import Browser, browsing
from tests.e2e.conftest import ROOT, Project, clone, serving

DOCS = ROOT / "docs"
# The settings of each run, beside those of params.yaml.
DEFAULT: Mapping[str, Any] = {}
EXAMPLE: Mapping[str, Any] = {
    "data": {"source": "digits"},
    "search": {"trials": 20},
    "evaluate": {"repeats": 2},
    "compare": {"seeds": 5, "bootstrap_sets": 20},
    "tracking": {"model_name": "digits-net"},
}
RUNS = {"breast_cancer": DEFAULT, "digits": EXAMPLE}
REPORT_SIZE, MLFLOW_SIZE = (980, 900), (1440, 860)
# What docs/reading-the-report.md explains, in the order of its numbers.
MARKED = (
    ".verdict",
    ".figures div:nth-child(1)",
    ".figures div:nth-child(2)",
    ".figures div:nth-child(3)",
    "figure",
)


def main() -> None:
    figures.RUNS.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="pictures-") as scratch:
        for name, settings in RUNS.items():
            sys.stdout.write(f"Run the pipeline on {name}; this takes some minutes.\n")
            sys.stdout.flush()
            project = run(Path(scratch) / name, settings)
            keep_figures(project, name)
            with browsing(Path(scratch) / f"profile-{name}") as browser:
                take_report(browser, project, name)
                if name == "breast_cancer":
                    take_mlflow(browser, project)
    sys.argv[1:] = ["--write"]
    figures.main()


def run(folder: Path, settings: Mapping[str, Any]) -> Project:
    """Run the pipeline in a new clone, with its progress on the terminal."""
    folder.mkdir()
    project = clone(folder, {})
    if edit_params(settings, "the settings of a run", folder / "params.yaml"):
        project.run("git", "commit", "-qam", "Settings of the worked example")
    subprocess.run(["dvc", "repro"], cwd=folder, env=project.environment, check=True)
    return project


def keep_figures(project: Project, name: str) -> None:
    """Keep what the pages need of the run."""
    comparison = json.loads((project.path / "reports/comparison.json").read_text())
    text = json.dumps(figures.pick(comparison), indent=1, ensure_ascii=False)
    (figures.RUNS / f"{name}.json").write_text(f"{text}\n")


def take_report(browser: Browser, project: Project, name: str) -> None:
    """Take the first screen of the report; of the default run, with numbers too."""
    comparison = json.loads((project.path / "reports/comparison.json").read_text())
    answer = str(comparison["sentence"]).replace("\N{NO-BREAK SPACE}", " ")
    browser.resize(*REPORT_SIZE)
    browser.open((project.path / "reports/comparison.html").as_uri(), answer)
    if name == "breast_cancer":
        browser.picture(DOCS / "report.png")
        browser.mark(*MARKED)
        browser.picture(DOCS / "report-marked.png")
    else:
        browser.picture(DOCS / f"report-{name}.png")


def take_mlflow(browser: Browser, project: Project) -> None:
    """Take MLflow's pages of the comparison and of the trials."""
    client = MlflowClient(f"sqlite:///{project.path}/mlflow.db")
    (comparison,) = client.search_runs(["1"], "tags.kind = 'comparison'")
    command = ["mlflow", "server", "--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"]
    browser.resize(*MLFLOW_SIZE)
    with serving(project, *command) as address:
        runs, mode = f"{address}/#/experiments/1/runs", "workflowType=machine_learning"
        browser.open(f"{runs}/{comparison.info.run_id}?{mode}", "Description", "Metrics")
        browser.picture(DOCS / "mlflow-comparison.png")
        browser.open(f"{runs}?{mode}&viewStateShareKey=trials", "cv_log_loss", "matching runs")
        browser.picture(DOCS / "mlflow-trials.png")


if __name__ == "__main__":
    main()
