"""What an experiment's own page shows: its description, its first metric, and saved views.

MLflow's UI keeps a view that a user saves as a tag of the experiment: JSON with a name, times and
the state of the page, as `useSavedViews` in MLflow's sources reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment

from pipeline.regularizers import TECHNIQUES

VIEW = "mlflow.sharedViewState."
# Runs and models in the side bar, and not traces and prompts, as is the default.
MODE = "workflowType=machine_learning"
FIRST_METRIC = "cv_log_loss"
# Pixels: for a figure with its first digits, and for the longest name.
NARROW, WIDE = 110, 170
NOTE = """\
Does regularization help on {name}? Each study, a search over dropout, L1, L2 and patience, \
is a run with a run per trial below it; each comparison of the best trial with the baseline is a \
run with a run per network below it, and says the verdict in its description.

Filter by tags, e.g. `tags.kind = 'trial'` (also `study`, `comparison`, `best`, `baseline`), \
`tags.study = '…'`, `tags.verdict = '…'`; or open one of the saved views of the Runs tab:

{links}
"""


def describe_experiment(client: MlflowClient, experiment: Experiment) -> None:
    """Write what the page lacks; what a user has changed stays."""
    number, present = experiment.experiment_id, experiment.tags
    views = _views()
    links = [
        f"- [{name}](#/experiments/{number}/runs?{MODE}&viewStateShareKey={key}{more})"
        for key, (name, _, more) in views.items()
    ]
    wanted = {
        # So that the UI opens with runs and models, and not with traces and prompts.
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.experiment.primaryMetric.name": FIRST_METRIC,
        "mlflow.experiment.primaryMetric.greaterIsBetter": "False",
        "project": "regularization-pipeline",
        "mlflow.note.content": NOTE.format(name=experiment.name, links="\n".join(links)),
    }
    for order, (key, (name, state, _)) in enumerate(views.items()):
        # The menu lists the youngest first.
        time = experiment.creation_time - order
        view = {"name": name, "createdAt": time, "updatedAt": time, "state": json.dumps(state)}
        wanted[VIEW + key] = json.dumps(view)
    for key, value in wanted.items():
        if key not in present:
            client.set_experiment_tag(number, key, value)


def _views() -> Mapping[str, tuple[str, dict[str, Any], str]]:
    """By key: the name, the page's state, and what its link needs besides."""
    tuned = [f"params.`{technique.name}`" for technique in TECHNIQUES]
    scores = [f"metrics.`{name}`" for name in (FIRST_METRIC, "cv_log_loss_std", "epochs_mean")]
    outcome = [
        f"metrics.`{name}`"
        for name in ("log_loss_difference", "log_loss_difference_low", "log_loss_difference_high")
    ]
    trials = _page("tags.kind = 'trial'", f"metrics.`{FIRST_METRIC}`", True, scores + tuned, NARROW)
    return {
        "trials": ("Trials, best first", trials, ""),
        "curves": (
            "Trials, learning curves",
            trials | _charts(("val_log_loss", "train_log_loss", "fold_log_loss")),
            "&compareRunsMode=CHART",
        ),
        "comparisons": (
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
    """State of the page: which runs, in which order, with which columns, each that wide."""
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
    """State of the charts: a line chart over the steps of each metric."""
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
