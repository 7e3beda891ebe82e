"""A cluster for the tests of a file: a scheduler, and two workers of one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.cluster.settings import ADDRESS
from tests.local_cluster import LocalCluster, started
from tests.training.conftest import make_architecture, make_folds, plain, train  # noqa: F401


@pytest.fixture(scope="module")
def local_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Start a scheduler and two workers, for the tests of a file."""
    with started(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.join("a")
        cluster.join("b")
        cluster.wait_for(2)
        yield cluster


@pytest.fixture
def on_cluster(local_cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> LocalCluster:
    """Let the environment choose the cluster."""
    monkeypatch.setenv(ADDRESS, local_cluster.address)
    return local_cluster
