"""The run that `mlflow run` itself makes: it has links to the runs of its stages."""

from __future__ import annotations

from pipeline.tracking.store.client import connect, mlflow_answers


@mlflow_answers()
def link_project_run(run_id: str) -> None:
    """Name in the description of a run that `mlflow run` made the runs that its stages made.

    It cannot be deleted here: MLflow ends it after its command, and fails if it is gone.
    """
    client = connect()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    made = client.search_runs(
        experiments,
        f"tags.project_run = '{run_id}' and tags.kind != 'trial'",
        order_by=["attributes.start_time ASC"],
    )
    links = [
        f"- [{run.info.run_name}](#/experiments/{run.info.experiment_id}/runs/{run.info.run_id})"
        for run in made
        if "mlflow.parentRunId" not in run.data.tags
    ]
    text = "\n".join(["Runs made by this project run:", "", *links])
    client.set_tag(run_id, "mlflow.note.content", text if links else "Nothing had to run.")
