"""Summaries of a finished study, in figures and in words."""

from __future__ import annotations

from dataclasses import asdict

from pipeline.config.params import Params
from pipeline.regularizers import TECHNIQUES
from pipeline.search.study import BASELINE_TRIAL, Study, Trial
from pipeline.search.views.importance import importance


def best_record(study: Study) -> dict[str, object]:
    """Return what later stages need to know about the study."""
    best = study.best()
    return {
        "study": study.name,
        "trial": best.number,
        "trials": len(study.trials()),
        "regularization": best.regularization.model_dump(),
        "importance": {name: asdict(share) for name, share in importance(study).items()},
    }


def scores(study: Study) -> dict[str, float]:
    """Return the cross-validated loss of the best trial and the baseline, and trial counts."""
    trials, name = study.trials(), f"cv_{study.task.loss.name}"
    figures = {f"best_{name}": study.loss(study.best())}
    if trials[BASELINE_TRIAL].complete:
        figures[f"baseline_{name}"] = study.loss(trials[BASELINE_TRIAL])
    failed = sum(not trial.complete for trial in trials)
    return {**figures, "trials": len(trials), "failed_trials": failed}


def settings(params: Params) -> dict[str, object]:
    """Return the settings that all trials of a study share and that change their scores."""
    return {
        "seed": params.seed,
        "layers": "-".join(str(layer.units) for layer in params.network.layers),
        "batch_norm": params.network.batch_norm,
        "folds": params.split.folds,
        "scale": params.data.scale,
        "batch_size": params.train.batch_size,
        "max_epochs": params.train.max_epochs,
        "learning_rate": params.train.learning_rate,
        "schedule": params.train.schedule,
        "class_weight": params.train.class_weight,
    }


def note(study: Study, reproduce: str) -> str:
    """Write the study, and how to reproduce it, in a few lines of Markdown."""
    rows = [
        f"| {title} | {trial.number} | {study.loss(trial):.4f} | {values(trial)} |"
        for title, trial in (("Tuned", study.best()), ("Baseline", study.trials()[BASELINE_TRIAL]))
    ]
    return "\n".join(
        [
            f"**Search for regularization**: {len(study.trials())} trials, scored by"
            f" cross-validated {study.task.loss.words} without penalties.",
            "",
            f"| | Trial | CV {study.task.loss.words} | Values |",
            "|:---|---:|---:|:---|",
            *rows,
            "",
            "Plots of the search and `trials.csv` are among the artifacts.",
            "",
            reproduce,
        ]
    )


def values(trial: Trial) -> str:
    """Write the tuned values of a trial in one short line."""
    regularization = trial.regularization
    return ", ".join(
        f"{technique.value_words} {_short(getattr(regularization, technique.name))}"
        for technique in TECHNIQUES
        if technique.name in regularization.values()
    )


def _short(value: float | None) -> str:
    if not value:
        return "off"
    return str(value) if isinstance(value, int) else f"{value:.3g}"
