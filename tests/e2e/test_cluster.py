"""Stages that train on a cluster leave the bytes that they leave on one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.cluster.settings import ADDRESS
from tests.e2e.conftest import Finished, Project
from tests.local_cluster import started

SAME = (
    "reports/trials.csv",
    "reports/best.json",
    "reports/evaluate.json",
    "reports/evaluate_losses.parquet",
    "reports/comparison.json",
    "reports/predictions.csv",
    "metrics/tune.json",
    "metrics/evaluate.json",
    "metrics/compare.json",
)


def test_pipeline_gives_the_same_bytes(
    finished: Finished, fresh: Callable[[], Project], tmp_path: Path
) -> None:
    project = fresh()
    with started(tmp_path) as cluster:
        cluster.join("a")
        cluster.join("b")
        cluster.wait_for(2)
        printed = project.run("dvc", "repro", "compare", **{ADDRESS: cluster.address})
        computed = cluster.printed()
    assert printed.count(f"training on the cluster at {cluster.address}, 2 threads") == 3, printed
    assert "Traceback" not in printed + computed
    for path in SAME:
        assert (project.path / path).read_bytes() == (finished.project.path / path).read_bytes()
    ours, theirs = (_locked(each) for each in (project, finished.project))
    for stage in ("fetch", "split", "tune", "evaluate"):
        assert ours[stage] == theirs[stage]


def _locked(project: Project) -> dict[str, object]:
    stages: dict[str, object] = YAML(typ="safe").load(project.path / "dvc.lock")["stages"]
    return stages
