"""Every decision about a model, for ever: entries are tags of the version they are about."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from pydantic import BaseModel, ConfigDict, Field

Action = Literal["promoted", "refused", "undecided", "forced", "rolled back"]
MOVES = ("promoted", "forced", "rolled back")
ENTRY, APPLIED = "gate.entry.", "gate.applied."
PAGE = 200


class Entry(BaseModel):
    """One decision.

    number: place in the journal. version: that it is about; champion: the one before it.
    at: UTC, ISO 8601. by: who or what asked for it. figures: what the decision rests on.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    action: Action
    version: str
    champion: str | None
    at: str
    by: str
    reasons: tuple[str, ...]
    figures: Mapping[str, Any] = Field(default_factory=dict)
    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:12])

    @property
    def moves(self) -> bool:
        """Whether the champion becomes another one by it."""
        return self.action in MOVES


def versions_of(client: MlflowClient, model: str) -> list[ModelVersion]:
    """All versions of a model with their tags."""
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{model}'", max_results=PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def read_journal(client: MlflowClient, model: str) -> list[tuple[Entry, bool]]:
    """All entries in order, each with whether it has been carried out."""
    entries = []
    for version in versions_of(client, model):
        for key, value in version.tags.items():
            if key.startswith(ENTRY):
                entry = Entry.model_validate_json(value)
                entries.append((entry, not entry.moves or APPLIED + entry.id in version.tags))
    return sorted(entries, key=lambda one: (one[0].number, one[0].at))


def write_entry(client: MlflowClient, model: str, entry: Entry) -> None:
    """Add an entry; its key is its own, so no entry ever takes the place of another."""
    key = f"{ENTRY}{entry.number:04d}.{entry.id}"
    value = json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)
    client.set_model_version_tag(model, entry.version, key, value)


def mark_applied(client: MlflowClient, model: str, entry: Entry, at: str) -> None:
    """Say that the aliases are where the entry wants them."""
    client.set_model_version_tag(model, entry.version, APPLIED + entry.id, at)
