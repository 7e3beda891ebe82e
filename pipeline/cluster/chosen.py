"""Connect to the cluster that the environment chooses, if it chooses one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.cluster.settings import ADDRESS, START_SCHEDULER, scheduler_address
from pipeline.config.errors import InputError, one_line
from pipeline.training.trainers import Model

if TYPE_CHECKING:
    from distributed import Client

    from pipeline.cluster.connection import Cluster

logger = logging.getLogger(__name__)

CONNECT_S = 15.0
CLOSE_S = 2.0
# What is sent at once is a stage's tables, and Dask warns of what it takes to be a mistake.
SENT = {"distributed.admin.large-graph-warning-threshold": "10 GB"}


@contextmanager
def chosen_cluster(model: Model) -> Iterator[Cluster | None]:
    """Give the cluster at DASK_SCHEDULER_ADDRESS; None, for this process, if that is not set.

    `InputError` if it cannot be used, or if the model trains on this machine alone.
    """
    address = scheduler_address()
    if address is None:
        yield None
        return
    if model == "builder":
        raise InputError(
            f"{ADDRESS}: is {address}, but network.builder's network is trained on this machine"
            " alone, want the variable unset. Unset it, or set network.builder to null."
        )
    client = _connect(address)
    try:
        from pipeline.cluster.connection import Cluster
        from pipeline.cluster.faults import check_workers

        check_workers(client)
        cluster = Cluster(client)
        logger.info("training on the cluster at %s, %d threads", address, cluster.threads())
        yield cluster
    finally:
        client.close(timeout=CLOSE_S)


def _connect(address: str) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise InputError(
            f"{ADDRESS}: is {address}, but {error.name} is not installed, want the extra 'cluster'."
            " Install distributed as uv.lock has it, or unset the variable to train here."
        ) from None
    # It tells of each lost connection; what matters is said once, as an error.
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.split(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set(SENT)
    try:
        # A client that cannot connect takes half a minute more to end, and ends with a traceback.
        asyncio.run(_knock(address))
        return Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{ADDRESS}: no scheduler answers at {address} ({one_line(str(error))[:160]}), want the"
            f" address that {START_SCHEDULER} shows, and certificates if it is tls://. Start one,"
            " correct the address, or unset it to train here."
        ) from None


async def _knock(address: str) -> None:
    """Connect to a scheduler with the certificates of Dask's configuration, and hang up."""
    from distributed.comm import connect, get_address_host_port, normalize_address
    from distributed.security import Security

    place = normalize_address(address)
    get_address_host_port(place, strict=True)
    secured = Security().get_connection_args("client")
    comm = await connect(place, timeout=CONNECT_S, **secured)
    await comm.close()
