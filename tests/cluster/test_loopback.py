"""The processes of a cluster listen on loopback alone, their pages included."""

from __future__ import annotations

import psutil

from tests.local_cluster import LocalCluster


def test_nothing_listens_to_other_machines(local_cluster: LocalCluster) -> None:
    services = [local_cluster.scheduler, *local_cluster.workers.values()]
    processes = [psutil.Process(service.pid) for service in services]
    for process in list(processes):
        processes += process.children(recursive=True)
    addresses = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}
