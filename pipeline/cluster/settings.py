"""Where a cluster is, as the environment says: it changes no result, so it is no parameter."""

from __future__ import annotations

import os

# Dask's own variable.
ADDRESS = "DASK_SCHEDULER_ADDRESS"
START_SCHEDULER = "python -m dask scheduler"
START_WORKER = "python -m dask worker ADDRESS --nthreads 1"


def scheduler_address() -> str | None:
    """Return the address of the scheduler that the environment names, None if it names none."""
    return os.environ.get(ADDRESS, "").strip() or None
