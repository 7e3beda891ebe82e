"""Tables of openml.org."""

from __future__ import annotations

import warnings
from pathlib import Path

from pipeline.config.errors import InputError
from pipeline.data.sources.raw import Raw


def load_openml(wanted: str, cache: Path) -> Raw:
    """Return a table of openml.org by name or number, kept in a cache."""
    from sklearn.datasets import fetch_openml

    if not wanted:
        raise InputError(
            "params.yaml: data.source is 'openml:', want a name or number after it."
            " Change it, e.g. openml:credit-g or openml:31."
        )
    which = {"data_id": int(wanted)} if wanted.isdecimal() else {"name": wanted, "version": 1}
    try:
        with warnings.catch_warnings(action="ignore"):
            bunch = fetch_openml(
                **which, as_frame=True, parser="pandas", data_home=str(cache), n_retries=1
            )
    except Exception as error:
        raise InputError(
            f"openml:{wanted}: cannot be loaded ({str(error).splitlines()[0][:160]}), want a data"
            " set of openml.org. Check name and connection, or download it as CSV."
        ) from None
    targets = bunch.target_names
    return Raw(
        name=f"openml-{bunch.details['name']}",
        description=f"OpenML data set {bunch.details['id']}, {bunch.details['name']}",
        frame=bunch.frame,
        target=targets[0] if len(targets) == 1 else None,
    )
