"""A finished study in figures and words."""

from __future__ import annotations

import warnings
from math import isfinite

import optuna

from pipeline.config.params import Params
from pipeline.regularizers import TECHNIQUES
from pipeline.search.study import BASELINE_TRIAL, Study, Trial

# With fewer trials, quantiles of them say nothing.
ENOUGH_TRIALS = 10


def best_record(study: Study) -> dict[str, object]:
    """What later stages need to know of the study."""
    best = study.best()
    return {
        "study": study.name,
        "trial": best.number,
        "trials": len(study.trials()),
        "regularization": best.regularization.model_dump(),
        "importance": importance(study),
    }


def importance(study: Study) -> dict[str, float]:
    """Share of each tuned value in what tells better trials from the others (PED-ANOVA).

    Empty if there are too few trials, or if they do not differ.
    """
    trials = [trial for trial in study.trials() if trial.complete]
    if len(trials) < ENOUGH_TRIALS:
        return {}
    with warnings.catch_warnings():
        # A part whose range is one point has no say, and is told with a warning.
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(study.as_optuna())
    return {name: float(share) for name, share in found.items() if isfinite(share)}


def scores(study: Study) -> dict[str, float]:
    """Cross-validated log loss of the best trial and of the baseline, and counts of trials."""
    trials = study.trials()
    figures = {"best_cv_log_loss": _log_loss(study.best())}
    if trials[BASELINE_TRIAL].complete:
        figures["baseline_cv_log_loss"] = _log_loss(trials[BASELINE_TRIAL])
    failed = sum(not trial.complete for trial in trials)
    return {**figures, "trials": len(trials), "failed_trials": failed}


def settings(params: Params) -> dict[str, object]:
    """What holds for every trial of a study, and changes its scores."""
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
    """The study, and the way to reproduce it, in a few lines of Markdown."""
    rows = [
        f"| {title} | {trial.number} | {_log_loss(trial):.4f} | {values(trial)} |"
        for title, trial in (("Best", study.best()), ("Baseline", study.trials()[BASELINE_TRIAL]))
    ]
    return "\n".join(
        [
            f"**Search for regularization**: {len(study.trials())} trials, scored by"
            " cross-validated log loss without penalties.",
            "",
            "| | Trial | CV log loss | Values |",
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
    strengths = ((one, getattr(trial.regularization, one.name)) for one in TECHNIQUES)
    return ", ".join(f"{one.value_words} {_short(value)}" for one, value in strengths)


def _short(value: float | None) -> str:
    if value is None:
        return "none"
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def _log_loss(trial: Trial) -> float:
    """Cross-validated log loss, NaN for a failed trial."""
    return trial.score.mean("log_loss") if trial.score and trial.complete else float("nan")
