"""The line in the report's head that says when, from what and how long it was made."""

from __future__ import annotations

from datetime import datetime

COMMIT_DIGITS = 12
# Up to so many seconds or minutes a duration is written in them.
MOST = 90


def made_line(when: datetime, commit: str | None, changed: bool, seconds: float) -> str:
    """Write when a comparison was made, from which code, and how long it took.

    changed: whether files differ from the commit.
    """
    code = f"from commit {commit[:COMMIT_DIGITS]}" if commit else "outside a git repository"
    if commit and changed:
        code += " with uncommitted changes"
    date = f"{when.day} {when:%B %Y, %H:%M %Z}".strip()
    return f"Made on {date}, {code}. The comparison took {duration(seconds)}."


def duration(seconds: float) -> str:
    """Write a duration in the units that people use for one so long."""
    if seconds < MOST:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < MOST else f"{minutes // 60} h {minutes % 60} min"
