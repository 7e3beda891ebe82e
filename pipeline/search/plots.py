"""Views of a study, drawn by Optuna."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import optuna
from matplotlib import pyplot as plt
from optuna.exceptions import ExperimentalWarning
from optuna.visualization import matplotlib as views

TARGET = "cv log loss"
DOTS_PER_INCH = 110
# Importance and slices need trials that differ.
ENOUGH_TRIALS = 4


def draw_study(study: optuna.Study, folder: Path) -> list[Path]:
    """Write history, importance, slice and parallel-coordinate views as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    plots: dict[str, Callable[[], object]] = {
        "history": lambda: views.plot_optimization_history(study, target_name=TARGET)
    }
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    if len(complete) >= ENOUGH_TRIALS:
        plots |= {
            "importance": lambda: views.plot_param_importances(study, target_name=TARGET),
            "slice": lambda: views.plot_slice(study, target_name=TARGET),
            "parallel_coordinates": lambda: views.plot_parallel_coordinate(
                study, target_name=TARGET
            ),
        }
    written = []
    with warnings.catch_warnings(), mpl.rc_context({"backend": "agg"}):
        # The whole module is marked experimental; its functions are years old.
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
