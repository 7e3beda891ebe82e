"""What the user of a table should know of it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

SHOWN_COLUMNS = 8


class Finding(BaseModel):
    """Something about a table that its user should know; column: None if it is about them all."""

    model_config = ConfigDict(frozen=True)

    check: str
    column: str | None
    message: str


def sentences(findings: Sequence[Finding]) -> list[str]:
    """Findings for people, a sentence each; columns of which the same is said share one."""
    columns: dict[str, list[str]] = {}
    for finding in findings:
        columns.setdefault(finding.message, [])
        if finding.column is not None:
            columns[finding.message].append(finding.column)
    said = []
    for message, names in columns.items():
        shown = ", ".join(map(repr, names[:SHOWN_COLUMNS]))
        more = f" and {len(names) - SHOWN_COLUMNS} more" if names[SHOWN_COLUMNS:] else ""
        said.append(f"{shown}{more}: {message}" if names else message)
    return said
