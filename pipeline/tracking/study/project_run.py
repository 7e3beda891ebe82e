"""The run that `mlflow run` itself makes: it has links to the runs of its stages, or goes."""

from __future__ import annotations

from mlflow.entities import RunStatus

from pipeline.tracking.store.client import connect, mlflow_answers

# MLflow's own, for which nobody chose a name.
DEFAULT_EXPERIMENT = "0"


@mlflow_answers()
def conclude_project_run(run_id: str, succeeded: bool) -> None:
    """Name in the run's description the runs that its stages made.

    Delete the run if it is in MLflow's default experiment, where it says less than those runs do.
    """
    client = connect()
    if client.get_run(run_id).info.experiment_id == DEFAULT_EXPERIMENT:
        # Ended first: MLflow ends a run that goes on, and could not once it is deleted.
        status = RunStatus.FINISHED if succeeded else RunStatus.FAILED
        client.set_terminated(run_id, RunStatus.to_string(status))
        client.delete_run(run_id)
        return
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
