from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, LoggedModelOutput, LoggedModelStatus, Run

from pipeline.config.errors import InputError
from pipeline.tracking.registry.champion import Registry
from pipeline.tracking.registry.tried import adopt, corrected
from pipeline.tracking.store.model_name import check_model_name
from pipeline.tracking.store.provenance import provenance_tags
from pipeline.tracking.store.versions import register
from tests.tracking.store.test_provenance import git

MODEL = "toy-net"


@pytest.fixture
def experiment(client: MlflowClient) -> str:
    return str(client.create_experiment("toy"))


def logged(client: MlflowClient, experiment: str, parent: str, kind: str, **tags: str) -> Run:
    """The run of a network with a model, as `compare` logs it."""
    every = {"kind": kind, "mlflow.parentRunId": parent, "mlflow.note.content": "Helps."}
    run = client.create_run(experiment, tags=every | {"columns": "c", "git_dirty": "false"} | tags)
    model = client.create_logged_model(experiment, kind, run.info.run_id)
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.set_terminated(run.info.run_id)
    return client.get_run(run.info.run_id)


def inputs(client: MlflowClient, experiment: str, *columns: str) -> str:
    """The run of a comparison that read a table with these columns."""
    run = client.create_run(experiment, tags={"kind": "comparison"})
    schema = json.dumps({"mlflow_colspec": [{"name": name} for name in (*columns, "fold")]})
    digest = hashlib.sha256(schema.encode()).hexdigest()[:32]
    data = Dataset("val", digest, "local", "{}", schema)
    client.log_inputs(run.info.run_id, [DatasetInput(data, [])])
    return str(run.info.run_id)


def test_a_name_is_one_tables(client: MlflowClient, experiment: str) -> None:
    def best(study: str, *columns: str) -> str:
        parent = inputs(client, experiment, *columns)
        run = logged(client, experiment, parent, "tuned", study=study, network=study)
        return register(client, MODEL, {"tuned": run})[0].version

    assert best("people-abc", "age", "left") == "1"
    # Lists show the first words of a description as they are, without its Markdown.
    about = client.get_registered_model(MODEL).description
    assert about.startswith("Predicts people from raw rows")
    opening = client.get_model_version(MODEL, "1").description.splitlines()[0]
    assert opening.startswith("The tuned network for people: ")
    assert best("people-def", "age", "height", "left") == "2"
    # Renamed, as a table with a date in its name, and otherwise the same.
    assert best("people-2025-02-abc", "age", "height", "left") == "3"
    with pytest.raises(InputError) as caught:
        best("churn-abc", "plan", "left")
    assert str(caught.value).startswith("tracking.model_name is 'toy-net', whose version 3 was")
    assert "e.g. churn-net" in str(caught.value)
    assert numbers(client) == [1, 2, 3]
    assert str(client.get_model_version_by_alias(MODEL, "challenger").version) == "3"
    # Before the work is done, too.
    columns = ["age", "height", "left", "fold"]
    check_model_name(client, MODEL, "churn", columns)
    with pytest.raises(InputError, match="model_name"):
        check_model_name(client, MODEL, "churn", ["plan", "left"])
    check_model_name(client, "other-net", "churn", ["plan", "left"])


def numbers(client: MlflowClient) -> list[int]:
    return sorted(int(v.version) for v in client.search_model_versions(f"name = '{MODEL}'"))


def test_an_equal_network_gets_no_new_version(client: MlflowClient, experiment: str) -> None:
    def best(**tags: str) -> str:
        run = logged(client, experiment, "p", "tuned", **tags)
        return register(client, MODEL, {"tuned": run})[0].version

    assert best(network="a") == "1"
    assert best(network="b") == "2"
    assert best(network="a", verdict="helps") == "1"
    assert str(client.get_model_version_by_alias(MODEL, "challenger").version) == "1"
    # Its columns are others, though their numbers are the same.
    assert best(network="a", columns="d") == "3"
    # The gate wants committed code, and of this network there was none so far.
    assert best(network="e", git_dirty="true") == "4"
    assert best(network="e") == "5"
    assert best(network="e", git_dirty="true") == "5"
    assert best() == "6"
    # The search found nothing better than the baseline: two kinds of one network.
    baseline = logged(client, experiment, "p", "baseline", network="a")
    assert register(client, MODEL, {"baseline": baseline})[0].version == "7"
    # It was served by Keras so far.
    assert best(network="a", served_by="numpy") == "8"
    assert numbers(client) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_what_was_only_tried_is_registered_when_asked_for(
    client: MlflowClient, experiment: str
) -> None:
    registry = Registry(MODEL)
    assert adopt(registry, "a") is None
    logged(client, experiment, "p", "tuned", network="a")
    logged(client, experiment, "p", "baseline", network="b")
    logged(client, experiment, "q", "baseline", network="c")
    made = adopt(registry, "a")
    assert made is not None
    assert (made.number, made.tags["network"], made.clean) == ("1", "a", True)
    aliases = client.get_registered_model(MODEL).aliases
    assert {name: str(v) for name, v in aliases.items()} == {"challenger": "1", "baseline": "2"}
    assert client.get_model_version(MODEL, "2").tags["network"] == "b"
    assert adopt(registry, "x") is None


def test_code_that_is_committed_afterwards_is_committed_code(
    client: MlflowClient, experiment: str, tmp_path: Path
) -> None:
    git("init", "-q")
    (tmp_path / "params.yaml").write_text("a: 1\n")
    git("add", "params.yaml")
    git("commit", "-qm", "first")
    (tmp_path / "params.yaml").write_text("a: 2\n")
    provenance_tags.cache_clear()
    tags = provenance_tags()
    run = logged(client, experiment, "p", "tuned", network="a", **tags)
    register(client, MODEL, {"tuned": run})
    registry = Registry(MODEL)
    assert corrected(registry, registry.version("1")).clean is False

    git("commit", "-qam", "second")
    provenance_tags.cache_clear()
    assert corrected(registry, registry.version("1")).clean is True
    provenance_tags.cache_clear()
