"""Note which processors trained what, since another one may round differently."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.project.machine import machine, processor
from pipeline.project.outputs import PROCESSORS, write_json

if TYPE_CHECKING:
    from pipeline.cluster.connection import Cluster


def processors_of(cluster: Cluster | None) -> set[str]:
    """Return the models that have computed in this stage: the workers', or this machine's."""
    return {processor()} if cluster is None else cluster.processors


def note_processors(stage: str, of: str, cluster: Cluster | None) -> None:
    """Add the processors of a run of a stage to what is noted of earlier runs of the same work.

    of: what was computed, such as the study's name; notes of anything else are dropped.
    """
    notes = _notes()
    earlier = notes.get(stage, {})
    known = set(earlier["processors"]) if earlier.get("of") == of else set()
    entry = {"of": of, "processors": sorted(known | processors_of(cluster))}
    if entry != earlier:
        write_json(PROCESSORS, {**notes, stage: entry})


def machine_words(cluster: Cluster | None) -> str:
    """Describe the machine, and name the processors if networks were trained on more than one.

    Those of the search and of the evaluation count, and those of the present stage.
    """
    models = processors_of(cluster) | {
        model for entry in _notes().values() for model in entry["processors"]
    }
    if len(models) < 2:
        return machine()
    return (
        f"{machine()}; networks were trained on {len(models)} kinds of processor, which may round"
        f" differently: {', '.join(sorted(models))}"
    )


def _notes() -> dict[str, dict[str, list[str] | str]]:
    try:
        notes = json.loads(PROCESSORS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}
