"""Saved views of an experiment's runs, in the private JSON of MLflow's UI.

The UI keeps a view that a user saves as a tag of the experiment: JSON with a name, times and the
state of the page, as `useSavedViews` in MLflow's sources reads it. There is no public interface for
it, so all that depends on its form is in this file. Should another version read another form, the
views are missing from the menu and their links open the plain table; nothing else is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.entities import Experiment

from pipeline.config.sections.regularization import OFF

VIEW = "mlflow.sharedViewState."
# Runs and models in the side bar, and not traces and prompts, as is the default.
MODE = "workflowType=machine_learning"
COMPARISONS = "comparisons"
# Pixels: for a figure with its first digits, and for the longest name.
NARROW, WIDE = 110, 170


def ranking_metric(loss: str) -> str:
    """Return the metric that trials are sorted by, from the name of the loss."""
    return f"cv_{loss}"


def saved_views(experiment: Experiment, loss: str) -> dict[str, str]:
    """Return the experiment tags that make the UI show the views, and open with runs and models.

    loss: the name of the loss that the experiment's networks are scored by.
    """
    # So that the UI opens with runs and models, and not with traces and prompts.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    for order, (key, (name, state, _)) in enumerate(_views(loss).items()):
        # The menu lists the youngest first.
        time = experiment.creation_time - order
        view = {"name": name, "createdAt": time, "updatedAt": time, "state": json.dumps(state)}
        tags[VIEW + key] = json.dumps(view)
    return tags


def view_links(experiment: Experiment, loss: str) -> list[str]:
    """Return a link to each view, as an item of a list in Markdown."""
    return [
        f"- [{name}]({_address(experiment, key)}{more})"
        for key, (name, _, more) in _views(loss).items()
    ]


def comparisons_page(experiment: Experiment) -> str:
    """Return the address, below the server's, of the view of the comparisons."""
    return _address(experiment, COMPARISONS)


def _address(experiment: Experiment, key: str) -> str:
    return f"#/experiments/{experiment.experiment_id}/runs?{MODE}&viewStateShareKey={key}"


def _views(loss: str) -> Mapping[str, tuple[str, dict[str, Any], str]]:
    """Return by key: the view's name, the page's state, and what its link needs besides."""
    tuned = [f"params.`{name}`" for name in OFF.values()]
    ranking = ranking_metric(loss)
    scores = [f"metrics.`{name}`" for name in (ranking, f"{ranking}_std", "epochs_mean")]
    outcome = [
        f"metrics.`{name}`"
        for name in (
            f"evaluation_{loss}_difference",
            f"evaluation_{loss}_difference_low",
            f"evaluation_{loss}_difference_high",
            "evaluation_helps_probability",
        )
    ]
    score = f"metrics.`{ranking}`"
    trials = _page("tags.kind = 'trial'", score, True, scores + tuned, NARROW)
    return {
        "trials": ("Trials, best first", trials, ""),
        "curves": (
            "Trials, learning curves",
            trials | _charts((f"val_{loss}", f"train_{loss}", f"fold_{loss}")),
            "&compareRunsMode=CHART",
        ),
        COMPARISONS: (
            "Comparisons, newest first",
            _page(
                "tags.kind = 'comparison'",
                "attributes.start_time",
                False,
                ["tags.`verdict`", *outcome, "attributes.`Version`"],
                WIDE,
            ),
            "",
        ),
    }


def _page(
    where: str, by: str, ascending: bool, columns: Sequence[str], width: int
) -> dict[str, Any]:
    """Return the state of the page: which runs, their order, the columns and how wide each is."""
    return {
        "searchFilter": where,
        "orderByKey": by,
        "orderByAsc": ascending,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns),
        "columnOrder": list(columns),
        "columnWidths": dict.fromkeys(columns, width),
        "runsHiddenMode": "FIRST_10_RUNS",
        "viewMaximized": False,
        "runListHidden": False,
        "groupBy": None,
        "groupsExpanded": {},
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
    }


def _charts(metrics: Sequence[str]) -> dict[str, Any]:
    """Return the state of the charts: a line chart over the steps of each metric."""
    section = {"uuid": "curves", "name": "Curves", "display": True, "isReordered": False}
    return {
        "compareRunSections": [section],
        "compareRunCharts": [
            {
                "uuid": metric,
                "type": "LINE",
                "metricSectionId": section["uuid"],
                "deleted": False,
                "isGenerated": False,
                "runsCountToCompare": 10,
                "metricKey": metric,
                "selectedMetricKeys": [metric],
                "lineSmoothness": 0,
                "scaleType": "linear",
                "xAxisScaleType": "linear",
                "xAxisKey": "step",
                "selectedXAxisMetricKey": "",
                "yAxisKey": "metric",
                "yAxisExpressions": [],
                "selectedYAxisMetricKey": "metric",
                "ignoreOutliers": False,
                "range": {},
                "useGlobalXaxisKey": False,
                "useGlobalLineSmoothing": False,
            }
            for metric in metrics
        ],
    }
