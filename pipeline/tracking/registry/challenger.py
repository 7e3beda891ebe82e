"""The challenger: the version that was made from the network in this checkout."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

from pipeline.config.errors import InputError
from pipeline.tracking.registry.champion import CHALLENGER, Registry, Version
from pipeline.tracking.registry.tried import adopt, corrected
from pipeline.tracking.store.network_digest import NETWORK_TAG, network_digest


def find_challenger(registry: Registry, network: Path) -> Version:
    """Find the version made from the network file that `compare` left, and make it challenger.

    If `compare` only tried something out, its models are registered here; and code that was
    committed since then is committed code.
    """
    if not network.is_file():
        raise InputError(f"{network}: not found, want the output of compare. Run dvc repro.")
    try:
        digest = network_digest(network)
    except (BadZipFile, KeyError):
        raise InputError(
            f"{network}: cannot be read, want a network in Keras' format."
            " Run dvc repro --force --single-item compare, then dvc repro."
        ) from None
    named = registry.holder(CHALLENGER)
    if named and named.tags.get(NETWORK_TAG) == digest:
        return corrected(registry, named)
    made = registry.made_from(digest) or adopt(registry, digest)
    if made is None:
        raise InputError(
            f"{registry.model}: MLflow knows no model of {network}, want the one that compare"
            " logged. Run dvc repro --force --single-item compare, then dvc repro."
        )
    registry.challenge_with(made)
    return corrected(registry, made)
