"""Challenger and champion: which versions they are, and what is known of one beside the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from zipfile import BadZipFile

from pipeline.data.roles import changed_basis
from pipeline.errors import InputError
from pipeline.evidence.drift import Drift
from pipeline.evidence.gate import Contest
from pipeline.evidence.stats import Interval
from pipeline.evidence.training_rows import Reference, fitted_before
from pipeline.stages.drift import first_few
from pipeline.stages.files import BEST_NETWORK
from pipeline.tracking.champion import CHALLENGER, ROLES_TAG, Registry, Version
from pipeline.tracking.models import NETWORK_TAG, network_digest


def find_challenger(registry: Registry) -> Version:
    """The version made from the network that `compare` left here; it becomes the challenger."""
    if not BEST_NETWORK.is_file():
        raise InputError(f"{BEST_NETWORK}: not found, want the output of compare. Run dvc repro.")
    try:
        digest = network_digest(BEST_NETWORK)
    except (BadZipFile, KeyError):
        raise InputError(
            f"{BEST_NETWORK}: cannot be read, want a network in Keras' format."
            " Run dvc repro --force --single-item compare, then dvc repro."
        ) from None
    named = registry.holder(CHALLENGER)
    if named and named.tags.get(NETWORK_TAG) == digest:
        return named
    made = registry.made_from(digest)
    if made is None:
        raise InputError(
            f"{registry.model}: no version was made from {BEST_NETWORK}, want the one that compare"
            " registered. Run dvc repro --force --single-item compare, then dvc repro."
        )
    registry.challenge_with(made)
    return made


def contest(
    difference: Interval,
    challenger: Version,
    champion: Version,
    changed: Sequence[str] | None,
    drift: Drift | None,
    registry: Registry,
) -> Contest:
    """What is known of the challenger beside the champion."""
    return Contest(
        difference=difference,
        clean=challenger.clean,
        changed_roles=changed,
        withdrawn=[
            f"version {entry.champion} on {entry.at[:10]} ({'; '.join(entry.reasons)})"
            for entry in registry.withdrawals(challenger.number)
        ],
        drift=None if drift is None else first_few([one.told for one in drift.at("stop")]),
    )


def changed_roles(
    champion: Version,
    basis: Mapping[str, object],
    reference: Reference | None,
    today: Reference,
    tested: Sequence[str],
) -> list[str] | None:
    """By what the champion may know today's test rows, and how many it does; None: not known.

    tested: identities of the test rows.
    """
    then = champion.tags.get(ROLES_TAG)
    if then is None or reference is None:
        return None
    changed = changed_basis(basis, json.loads(then))
    seen = int(fitted_before(reference, today, tested).sum())
    if seen:
        changed.append(f"{seen} of {len(tested)} test rows are rows the champion was fitted on")
    return changed
