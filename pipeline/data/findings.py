"""Findings: what the user of a table should know about it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

SHOWN_COLUMNS = 8


# What YAML takes as a text without quotes, whatever it says.
BARE = re.compile(r"[A-Za-z_]\w*")
NO_TEXT = {"null", "true", "false"}


class Finding(BaseModel):
    """Something the user of a table should know; column is None if it concerns all columns."""

    model_config = ConfigDict(frozen=True)

    check: str
    column: str | None
    message: str


def typed(name: str, kind: str) -> str:
    """Return the setting that gives a column its type, as it may be copied into params.yaml."""
    bare = BARE.fullmatch(name) and name.lower() not in NO_TEXT
    quoted = kind if BARE.fullmatch(kind) else f"'{kind}'"
    return f"data.types: {{{name if bare else json.dumps(name, ensure_ascii=False)}: {quoted}}}"


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
