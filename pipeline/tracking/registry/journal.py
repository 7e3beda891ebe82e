"""Every decision about a model, for ever: entries are tags of the version they are about."""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from pydantic import BaseModel, ConfigDict, Field

Action = Literal["promoted", "refused", "undecided", "forced", "rolled back"]
MOVES = ("promoted", "forced", "rolled back")
ENTRY, APPLIED = "gate.entry.", "gate.applied."
# Tag with the last decision about a version in a few words, for those who open its page.
LAST_DECISION = "gate"
PAGE = 200
# MLflow refuses a longer tag, and its pages are no place for one: then the journal keeps what was
# decided and the first of the reasons; all of it is in gate.json on the run's page.
MOST_CHARACTERS = 20_000
MOST_REASONS = 20
REASON_CHARACTERS = 500


class Entry(BaseModel):
    """A decision.

    number: its place in the journal. version: the version it is about. champion: the champion
    before it. at: UTC, ISO 8601. by: who or what asked for it. figures: what it rests on.
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
        """Say whether the decision makes another version champion."""
        return self.action in MOVES


def versions_of(client: MlflowClient, model: str) -> list[ModelVersion]:
    """Return all versions of a model with their tags."""
    versions: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{model}'", max_results=PAGE, page_token=token)
        versions += page
        token = page.token
        if not token:
            return versions


def read_journal(client: MlflowClient, model: str) -> list[tuple[Entry, bool]]:
    """Return all entries in order, each with whether it has been carried out."""
    entries = []
    for version in versions_of(client, model):
        for key, value in version.tags.items():
            if key.startswith(ENTRY):
                entry = Entry.model_validate_json(value)
                entries.append((entry, not entry.moves or APPLIED + entry.id in version.tags))
    return sorted(entries, key=lambda pair: (pair[0].number, pair[0].at))


def write_entry(client: MlflowClient, model: str, entry: Entry) -> None:
    """Add an entry; its key is its own, so no entry ever takes the place of another."""
    key = f"{ENTRY}{entry.number:04d}.{entry.id}"
    value = _text(entry)
    if len(value) > MOST_CHARACTERS:
        short = [reason[:REASON_CHARACTERS] for reason in entry.reasons[:MOST_REASONS]]
        value = _text(entry.model_copy(update={"figures": {}, "reasons": tuple(short)}))
    client.set_model_version_tag(model, entry.version, key, value)
    action = "made champion again" if entry.action == "rolled back" else entry.action
    decision = f"{action} on {entry.at[:10]}"
    if entry.reasons:
        decision += f": {'; '.join(entry.reasons)}"
    client.set_model_version_tag(model, entry.version, LAST_DECISION, decision[:REASON_CHARACTERS])


def _text(entry: Entry) -> str:
    return json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)


def mark_applied(client: MlflowClient, model: str, entry: Entry, at: str) -> None:
    """Note that the aliases are where the entry wants them."""
    client.set_model_version_tag(model, entry.version, APPLIED + entry.id, at)


def triggered_by() -> str:
    """Name who or what asked for a decision: the CI run if there is one, else user and machine."""
    environment = os.environ
    if environment.get("GITHUB_RUN_ID"):
        known = (
            environment.get(f"GITHUB_{name}") for name in ("REPOSITORY", "EVENT_NAME", "ACTOR")
        )
        return ", ".join(["GitHub Actions", f"run {environment['GITHUB_RUN_ID']}",
                          *filter(None, known)])  # fmt: skip
    if environment.get("CI_PIPELINE_ID"):
        return f"GitLab CI, pipeline {environment['CI_PIPELINE_ID']}"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user} on {socket.gethostname()}"
