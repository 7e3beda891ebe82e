"""Read what a checkout holds, in a form that two equal runs share, and compare two."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

IDENTIFIER = re.compile(r"\b(m-)?[0-9a-f]{32}\b")
# Their bytes are stable; models hold the time of saving.
STABLE = ("reports", "metrics", "data")
# But for the line of the page that says when it was made and how long it took.
MADE = re.compile(rb'<p class="made">.*</p>')
# Git's and DVC's own affair, and what the interpreter leaves behind.
OTHERS = (".git", ".dvc", ".state/dvc", "__pycache__")
# A server keeps the same things in places of its own.
PLACES = {"mlartifacts/": "mlruns/"}
# Who, when and where differ between runs; the rest of a run's tags may not.
VARYING_TAGS = ("mlflow.parentRunId", "mlflow.source.name", "checkout")
CONTENT = {
    "metrics": "select run_uuid, key || ' ' || value || ' ' || step || ' ' || is_nan from metrics",
    "params": "select run_uuid, key || ' ' || value from params",
    "tags": f"select run_uuid, key || ' ' || value from tags where key not in {VARYING_TAGS}",
    "inputs": "select destination_id, d.name || ' ' || d.digest from inputs i"
    " join datasets d on d.dataset_uuid = i.source_id",
}
REGISTERED = """
select v.name, r.name, v.description, v.status_message, group_concat(a.alias, ' ')
from model_versions v left join runs r on r.run_uuid = v.run_id
left join registered_model_aliases a on a.name = v.name and a.version = v.version
where v.current_stage != 'Deleted_Internal' group by v.name, v.version
"""
LOGGED = """
select m.name, r.name, m.status from logged_models m
left join runs r on r.run_uuid = m.source_run_id where m.lifecycle_stage = 'active'
"""
NAMES = """
select r.run_uuid, coalesce(p.name || ' / ', '') || r.name, r.status from runs r
left join tags t on t.run_uuid = r.run_uuid and t.key = 'mlflow.parentRunId'
left join runs p on p.run_uuid = t.value where r.lifecycle_stage = 'active'
"""


@dataclass(frozen=True)
class State:
    """A checkout after a run.

    files: paths with identifiers blanked, how often each. outputs: bytes by path.
    runs: MLflow's runs by name with parent and status, how often each. tracked: all else there.
    """

    files: Counter[str]
    outputs: dict[str, bytes]
    runs: Counter[str]
    tracked: Counter[str]


def state(project: Path) -> State:
    """Return what a checkout holds, read from the disk without the help of what wrote it."""
    paths = [path.relative_to(project) for path in project.rglob("*") if path.is_file()]
    runs, tracked = _mlflow(project / "mlflow.db")
    return State(
        files=Counter(_place(path) for path in paths if not _is_others(path)),
        outputs={
            str(path): MADE.sub(b"", (project / path).read_bytes())
            for path in paths
            if path.parts[0] in STABLE
        },
        runs=runs,
        tracked=tracked,
    )


@dataclass(frozen=True)
class Difference:
    """Says how a checkout differs from the undisturbed one: what is lost, doubled; the rest."""

    lost: int
    doubled: int
    rest: list[str]

    @property
    def none(self) -> bool:
        """Say whether the two are equal."""
        return not (self.lost or self.doubled or self.rest)


def difference(ours: State, undisturbed: State) -> Difference:
    """Return how one checkout differs from another."""
    lost, doubled = undisturbed.runs - ours.runs, ours.runs - undisturbed.runs
    rows = "reports/trials.csv"
    missing = set(undisturbed.outputs[rows].splitlines()) - set(
        ours.outputs.get(rows, b"").splitlines()
    )
    rest = [f"run lost: {name}" for name in lost] + [f"run too many: {name}" for name in doubled]
    for what, a, b in (
        ("file", ours.files, undisturbed.files),
        ("in MLflow", ours.tracked, undisturbed.tracked),
    ):
        rest += [f"{what} too many: {name}" for name in a - b]
        rest += [f"{what} missing: {name}" for name in b - a]
    rest += [
        f"other bytes: {path}"
        for path, data in undisturbed.outputs.items()
        if ours.outputs.get(path, data) != data
    ]
    return Difference(lost.total() + len(missing), doubled.total(), rest)


def _mlflow(database: Path) -> tuple[Counter[str], Counter[str]]:
    if not database.exists():
        return Counter(), Counter()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        runs = connection.execute(NAMES).fetchall()
        names = {identifier: name for identifier, name, _ in runs}
        tracked = Counter(
            _blank(f"{names[owner]}: {what}: {text}")
            for what, query in CONTENT.items()
            for owner, text in connection.execute(query)
            if owner in names
        )
        for what, query in (("version", REGISTERED), ("model", LOGGED)):
            tracked.update(_blank(f"{what}: {row}") for row in connection.execute(query))
    return Counter(f"{name} ({status})" for _, name, status in runs), tracked


def _is_others(path: Path) -> bool:
    text = path.as_posix()
    return any(text.startswith(f"{place}/") or f"/{place}/" in text for place in OTHERS)


def _place(path: Path) -> str:
    text = _blank(path.as_posix())
    for theirs, ours in PLACES.items():
        text = text.replace(theirs, ours)
    return text


def _blank(text: str) -> str:
    return IDENTIFIER.sub("*", text)
