"""Findings: what the user of a table should know about it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

SHOWN_COLUMNS = 8


class Finding(BaseModel):
    """Something the user of a table should know; column is None if it concerns all columns."""

    model_config = ConfigDict(frozen=True)

    check: str
    column: str | None
    message: str


def sentences(findings: Sequence[Finding]) -> list[str]:
    """Return the findings as sentences; columns with the same finding share one."""
    columns: dict[str, list[str]] = {}
    for finding in findings:
        columns.setdefault(finding.message, [])
        if finding.column is not None:
            columns[finding.message].append(finding.column)
    lines = []
    for message, names in columns.items():
        shown = ", ".join(map(repr, names[:SHOWN_COLUMNS]))
        more = f" and {len(names) - SHOWN_COLUMNS} more" if names[SHOWN_COLUMNS:] else ""
        lines.append(f"{shown}{more}: {message}" if names else message)
    return lines
