"""Every decision about a model, for ever: entries are tags of the version they are about.

An entry is plain text, a line for each thing, because MLflow shows tags on its pages. Entries that
earlier versions of this code wrote are JSON, and are read too.
"""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from typing import Literal

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
# decided and the first of the reasons; all of them are in gate.json on the run's page.
MOST_CHARACTERS = 20_000
CHAMPION_LINE, AT_LINE, BY_LINE, REASON_LINE = "champion before: ", "at: ", "by: ", "reason: "
NOBODY = "none"
MOST_REASONS = 20
REASON_CHARACTERS = 500


class Entry(BaseModel):
    """A decision.

    number: its place in the journal. version: the version it is about. champion: the champion
    before it. at: UTC, ISO 8601. by: who or what asked for it.
    """

    # Earlier entries have figures, too.
    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    action: Action
    version: str
    champion: str | None
    at: str
    by: str
    reasons: tuple[str, ...]
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
                entry = read_entry(key, str(version.version), value)
                entries.append((entry, not entry.moves or APPLIED + entry.id in version.tags))
    return sorted(entries, key=lambda pair: (pair[0].number, pair[0].at))


def write_entry(client: MlflowClient, model: str, entry: Entry) -> None:
    """Add an entry; its key is its own, so no entry ever takes the place of another."""
    key = f"{ENTRY}{entry.number:04d}.{entry.id}"
    value = _text(entry)
    if len(value) > MOST_CHARACTERS:
        short = [reason[:REASON_CHARACTERS] for reason in entry.reasons[:MOST_REASONS]]
        value = _text(entry.model_copy(update={"reasons": tuple(short)}))
    client.set_model_version_tag(model, entry.version, key, value)
    action = "made champion again" if entry.action == "rolled back" else entry.action
    decision = f"{action} on {entry.at[:10]}"
    if entry.reasons:
        decision += f": {'; '.join(entry.reasons)}"
    client.set_model_version_tag(model, entry.version, LAST_DECISION, decision[:REASON_CHARACTERS])


def _text(entry: Entry) -> str:
    """Write an entry without what its key and its version say; `read_entry` reads it."""
    lines = [
        entry.action,
        f"{CHAMPION_LINE}{entry.champion or NOBODY}",
        f"{AT_LINE}{entry.at}",
        f"{BY_LINE}{_one_line(entry.by)}",
        *(f"{REASON_LINE}{_one_line(reason)}" for reason in entry.reasons),
    ]
    return "\n".join(lines)


def read_entry(key: str, version: str, value: str) -> Entry:
    """Read the entry that a tag of a version holds."""
    if value.startswith("{"):
        return Entry.model_validate_json(value)
    number, _, identifier = key.removeprefix(ENTRY).partition(".")
    action, champion, at, by, *reasons = value.split("\n")
    before = champion.removeprefix(CHAMPION_LINE)
    return Entry.model_validate(
        {
            "number": int(number),
            "action": action,
            "version": version,
            "champion": None if before == NOBODY else before,
            "at": at.removeprefix(AT_LINE),
            "by": by.removeprefix(BY_LINE),
            "reasons": tuple(reason.removeprefix(REASON_LINE) for reason in reasons),
            "id": identifier,
        }
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


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
