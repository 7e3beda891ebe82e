"""The page of a data set's experiment: its description and the metric that ranks its runs."""

from __future__ import annotations

from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.utils.mlflow_tags import (
    MLFLOW_EXPERIMENT_PRIMARY_METRIC_GREATER_IS_BETTER,
    MLFLOW_EXPERIMENT_PRIMARY_METRIC_NAME,
)

from pipeline.tracking.store.saved_views import (
    MODE,
    comparisons_page,
    ranking_metric,
    saved_views,
    view_links,
)

PROJECT = "regularization-pipeline"
NOTE = """\
Does regularization help on {name}? Each study, a search over dropout, L1, L2 and patience, \
is a run with a run per trial below it; each comparison of the best trial with the baseline is a \
run with a run per network below it, and says the verdict in its description.

Filter by tags, e.g. `tags.kind = 'trial'` (also `study`, `comparison`, `tuned`, `baseline`), \
`tags.study = '…'`, `tags.verdict = '…'`; or open one of the saved views of the Runs tab:

{links}
"""


def newest_page(client: MlflowClient) -> str:
    """Return the address, below the server's, of the comparisons of the newest data set."""
    described = client.search_experiments(
        filter_string=f"tags.project = '{PROJECT}'", order_by=["last_update_time DESC"]
    )
    return comparisons_page(described[0]) if described else f"#/experiments?{MODE}"


def describe_experiment(client: MlflowClient, experiment: Experiment, loss: str) -> None:
    """Write what the experiment's page lacks; what a user has changed stays.

    loss: the name of the loss that its networks are scored by.
    """
    links = "\n".join(view_links(experiment, loss))
    page = {
        MLFLOW_EXPERIMENT_PRIMARY_METRIC_NAME: ranking_metric(loss),
        MLFLOW_EXPERIMENT_PRIMARY_METRIC_GREATER_IS_BETTER: "False",
        "project": PROJECT,
        "mlflow.note.content": NOTE.format(name=experiment.name, links=links),
    }
    for key, value in (page | saved_views(experiment, loss)).items():
        if key not in experiment.tags:
            client.set_experiment_tag(experiment.experiment_id, key, value)
