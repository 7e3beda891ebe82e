"""Plots of a study: most are Optuna's own, the learning curves are ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import optuna
from matplotlib import pyplot as plt
from optuna.exceptions import ExperimentalWarning
from optuna.visualization import matplotlib as views

from pipeline.search.study import BASELINE_TRIAL, Study, metric_name

DOTS_PER_INCH = 110
# Importance and slices need trials that differ.
MIN_TRIALS = 4
BEST_TRIALS = 5
# Okabe and Ito's colours, which can be distinguished with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def draw_study(study: Study, folder: Path) -> list[Path]:
    """Write history, learning curves, importance, slices and parallel coordinates as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    optuna_study = study.as_optuna()
    target = metric_name(study.task)
    plots: dict[str, Callable[[], object]] = {
        "history": lambda: views.plot_optimization_history(optuna_study, target_name=target),
        "learning_curves": lambda: _learning_curves(study),
    }
    complete = optuna_study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    if len(complete) >= MIN_TRIALS:
        plots |= {
            "importance": lambda: views.plot_param_importances(optuna_study, target_name=target),
            "slice": lambda: views.plot_slice(optuna_study, target_name=target),
            "parallel_coordinates": lambda: views.plot_parallel_coordinate(
                optuna_study, target_name=target
            ),
        }
    written = []
    with warnings.catch_warnings(), mpl.rc_context({"backend": "agg"}):
        # Optuna marks the whole module as experimental, although its functions are years old.
        warnings.simplefilter("ignore", ExperimentalWarning)
        for name, draw in plots.items():
            draw()
            path = folder / f"{name}.png"
            plt.gcf().savefig(
                path, dpi=DOTS_PER_INCH, bbox_inches="tight", metadata={"Software": None}
            )
            plt.close("all")
            written.append(path)
    return written


def _learning_curves(study: Study) -> None:
    """Draw the loss of the best trials and the baseline over epochs, as means over folds."""
    scored = [(trial, trial.score) for trial in study.trials() if trial.complete and trial.score]
    scored.sort(key=lambda pair: study.loss(pair[0]))
    shown = scored[:BEST_TRIALS]
    shown += [pair for pair in scored[BEST_TRIALS:] if pair[0].number == BASELINE_TRIAL]
    # Optuna's functions change the style of all later figures.
    plt.style.use("default")
    axes = plt.figure(figsize=(7.2, 4.2), layout="constrained").add_subplot()
    for colour, (trial, score) in zip(COLOURS, shown, strict=False):
        name = "baseline" if trial.number == BASELINE_TRIAL else f"trial {trial.number}"
        label = f"{name}, cv {study.loss(trial):.3f}"
        for style, curve in (("-", score.val_loss), ("--", score.loss)):
            epochs = range(1, len(curve) + 1)
            axes.plot(epochs, curve, style, color=colour, label=label if style == "-" else None)
    axes.set(xlabel="Epoch", ylabel=f"{study.task.fitted_title}, without penalties", yscale="log")
    axes.set_title("Best trials: stop rows solid, fitting rows dashed", fontsize="medium")
    axes.legend(frameon=False, ncols=2, fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
