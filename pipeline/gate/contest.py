"""Find why the champion may know today's test rows, from records that outlive it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pipeline.data.roles import changed_basis
from pipeline.gate.profile import TrainingProfile, fitted_before


def changed_roles(
    champions_basis: str | None,
    todays_basis: Mapping[str, object],
    champions_profile: TrainingProfile | None,
    todays_profile: TrainingProfile,
    tested: Sequence[str],
) -> list[str] | None:
    """Say which settings let the champion know today's test rows, and how many it was fitted on.

    None if that is not known. champions_basis: what decided the roles of rows when the champion was
    trained, as JSON. tested: identities of the test rows.
    """
    if champions_basis is None or champions_profile is None:
        return None
    changed = changed_basis(todays_basis, json.loads(champions_basis))
    seen = int(fitted_before(champions_profile, todays_profile, tested).sum())
    if seen:
        changed.append(f"{seen} of {len(tested)} test rows are rows the champion was fitted on")
    return changed
