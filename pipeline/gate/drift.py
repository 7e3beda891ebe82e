"""Find how the data changed since the champion was trained: by tests, sizes and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from pipeline.config.sections.drift import DriftParams, Levels
from pipeline.gate.profile import TrainingProfile, is_numeric, level_counts
from pipeline.statistics.shares import aligned, binned, counts_test, psi, share_test
from pipeline.tasks.arrays import Floats

Level = Literal["none", "warn", "stop"]
# `scipy.stats` is imported where it is used: it takes half a second, which a first champion saves.
# A champion without any error would make each rise an infinite one.
TINY = 1e-12
ChangeKind = Literal["distribution", "missing", "unseen", "classes", "target", "errors", "schema"]
WORDS: Mapping[ChangeKind, str] = {
    "distribution": "values changed",
    "missing": "share of gaps changed",
    "unseen": "rows with a category not seen in training",
    "classes": "class shares changed",
    "target": "values of the target changed",
    "errors": "the champion errs more often on new rows",
    "schema": "schema changed",
}


class Change(BaseModel):
    """Says what one comparison found.

    subject: a column, or what else was compared. size: the PSI of a distribution; the rise of a
    number's mean absolute error, as a share of what it was; for all others a difference of shares.
    p: the test's, corrected for the number of tests; None without a test.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    kind: ChangeKind
    size: float | None
    p: float | None
    level: Level

    @property
    def in_words(self) -> str:
        """Describe the change in a few words."""
        size = "" if self.size is None else f" by {self.size:.3f}"
        if self.kind == "unseen":
            size = f": a share of {self.size:.3f}"
        p = "" if self.p is None else f", p {self.p:.2g}"
        return f"{self.subject}: {WORDS[self.kind]}{size}{p}"


class Drift(BaseModel):
    """All changes; rows: how many new rows were compared, 0 if they were too few."""

    model_config = ConfigDict(frozen=True)

    rows: int
    new_rows: int
    findings: tuple[Change, ...]

    @property
    def level(self) -> Level:
        """Return the gravest level of all changes."""
        grave = {change.level for change in self.findings}
        return "stop" if "stop" in grave else "warn" if "warn" in grave else "none"

    def at(self, level: Level) -> list[Change]:
        """Return the changes of one level."""
        return [change for change in self.findings if change.level == level]


@dataclass(frozen=True)
class Errors:
    """Rows and wrong predictions of the champion, on old test rows and on rows new to it."""

    old_rows: int
    old_wrong: int
    new_rows: int
    new_wrong: int


@dataclass(frozen=True, eq=False)
class NumberErrors:
    """The champion's absolute errors (row,), on old test rows and on rows new to it."""

    old: Floats
    new: Floats


def find_drift(
    profile: TrainingProfile,
    features: pd.DataFrame,
    labels: pd.Series,
    classes: Sequence[str],
    errors: Errors | NumberErrors | None,
    params: DriftParams,
) -> Drift:
    """Compare new rows with those the champion was trained on.

    features, labels: of the new rows alone. classes: of today. errors: None if not known.
    """
    findings = list(_schema(profile, features, classes, params))
    enough = len(features) >= params.min_rows
    if enough:
        target = _target if profile.target else _classes
        tested = [*_columns(profile, features, params), *target(profile, labels, params)]
        tested += _errors(errors, params)
        findings += _corrected(tested, params.error_rate)
        findings += _unseen(profile, features, params)
    return Drift(
        rows=len(features) if enough else 0, new_rows=len(features), findings=tuple(findings)
    )


@dataclass(frozen=True)
class _Tested:
    subject: str
    kind: ChangeKind
    size: float
    p: float
    levels: Levels


def _corrected(tested: Sequence[_Tested], error_rate: float) -> Iterator[Change]:
    """Yield changes whose p-values account for the number of tests (Benjamini-Hochberg 1995)."""
    if not tested:
        return
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control([test.p for test in tested])
    for test, p in zip(tested, corrected, strict=True):
        level = _level(test.size, test.levels) if p <= error_rate else "none"
        yield Change(subject=test.subject, kind=test.kind, size=test.size, p=float(p), level=level)


def _level(size: float, levels: Levels) -> Level:
    if levels.stop is not None and size >= levels.stop:
        return "stop"
    return "warn" if levels.warn is not None and size >= levels.warn else "none"


def _schema(
    profile: TrainingProfile, features: pd.DataFrame, classes: Sequence[str], params: DriftParams
) -> Iterator[Change]:
    def change(subject: str) -> Change:
        level = params.schema_change
        return Change(subject=subject, kind="schema", size=None, p=None, level=level)

    for name in profile.columns:
        if name not in features:
            yield change(f"column {name} is gone")
    for name, column in features.items():
        if str(name) not in profile.columns:
            yield change(f"column {name} is new")
        elif is_numeric(column) != (profile.columns[str(name)].numbers is not None):
            kinds = ("categories", "numbers")
            now, then = kinds[is_numeric(column)], kinds[not is_numeric(column)]
            yield change(f"column {name} holds {now}, held {then}")
    yield from (change(f"class {label} is new") for label in classes
                if label not in profile.classes)  # fmt: skip
    yield from (change(f"class {label} is gone") for label in profile.classes
                if label not in classes)  # fmt: skip


def _columns(
    profile: TrainingProfile, features: pd.DataFrame, params: DriftParams
) -> Iterator[_Tested]:
    for name, column in features.items():
        then = profile.columns.get(str(name))
        if then is None or is_numeric(column) != (then.numbers is not None):
            continue
        gaps = int(column.isna().sum())
        table = [[then.missing, then.rows - then.missing], [gaps, len(column) - gaps]]
        change = abs(gaps / len(column) - then.missing / max(then.rows, 1))
        yield _Tested(str(name), "missing", change, share_test(table), params.missing)
        if then.numbers is not None:
            now = column.dropna().to_numpy(float)
            if len(now) and len(then.numbers):
                counts = binned(then.numbers, now, params.bins)
                p = _distribution_test(then.numbers, now)
                yield _Tested(str(name), "distribution", psi(*counts), p, params.psi)
        elif then.levels and gaps < len(column):
            counts = aligned(then.levels, level_counts(column))
            p = counts_test(*counts)
            yield _Tested(str(name), "distribution", psi(*counts), p, params.psi)


def _classes(profile: TrainingProfile, labels: pd.Series, params: DriftParams) -> Iterator[_Tested]:
    then, now = aligned(profile.classes, level_counts(labels))
    change = float(np.abs(then / then.sum() - now / now.sum()).max())
    yield _Tested("classes", "classes", change, counts_test(then, now), params.classes)


def _target(profile: TrainingProfile, labels: pd.Series, params: DriftParams) -> Iterator[_Tested]:
    """Compare a numeric target as a column is compared."""
    then = profile.target.numbers if profile.target else None
    now = pd.to_numeric(labels, errors="coerce").dropna().to_numpy(float)
    if then and len(now):
        counts = binned(then, now, params.bins)
        p = _distribution_test(then, now)
        yield _Tested("target", "target", psi(*counts), p, params.psi)


def _distribution_test(then: Sequence[float], now: Floats) -> float:
    """Return the p-value of equal distributions (two-sample Kolmogorov-Smirnov)."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(then, now).pvalue)


def _errors(errors: Errors | NumberErrors | None, params: DriftParams) -> Iterator[_Tested]:
    """Test the champion's errors, which rise when targets no longer follow from the columns."""
    if isinstance(errors, NumberErrors):
        if len(errors.old) and len(errors.new):
            from scipy.stats import mannwhitneyu

            usual = max(float(errors.old.mean()), TINY)
            p = float(mannwhitneyu(errors.old, errors.new).pvalue)
            rise = float(errors.new.mean()) / usual - 1
            yield _Tested("champion", "errors", rise, p, params.errors)
    elif errors is not None and min(errors.old_rows, errors.new_rows) > 0:
        yield _wrong_shares(errors, params)


def _wrong_shares(errors: Errors, params: DriftParams) -> _Tested:
    table = [
        [errors.old_wrong, errors.old_rows - errors.old_wrong],
        [errors.new_wrong, errors.new_rows - errors.new_wrong],
    ]
    change = errors.new_wrong / errors.new_rows - errors.old_wrong / errors.old_rows
    return _Tested("champion", "errors", change, share_test(table), params.errors)


def _unseen(
    profile: TrainingProfile, features: pd.DataFrame, params: DriftParams
) -> Iterator[Change]:
    for name, column in features.items():
        then = profile.columns.get(str(name))
        if then is None or then.levels is None or is_numeric(column):
            continue
        counts = level_counts(column)
        share = sum(n for level, n in counts.items() if level not in then.levels) / len(column)
        level = _level(share, params.unseen)
        if share > 0:
            yield Change(subject=str(name), kind="unseen", size=share, p=None, level=level)


def figures(drift: Drift) -> dict[str, object]:
    """Return the few figures that `dvc metrics` and MLflow show."""

    def largest(kind: ChangeKind) -> float:
        sizes = [
            change.size
            for change in drift.findings
            if change.kind == kind and change.size is not None
        ]
        return round(max(sizes, default=0.0), 6)

    targets = any(change.kind == "target" for change in drift.findings)
    return {
        "level": drift.level,
        "new_rows": drift.new_rows,
        "warnings": len(drift.at("warn")),
        "stops": len(drift.at("stop")),
        "schema_changes": sum(change.kind == "schema" for change in drift.findings),
        "columns_changed": sum(
            change.kind == "distribution" and change.level != "none" for change in drift.findings
        ),
        "largest_psi": largest("distribution"),
        "largest_missing_change": largest("missing"),
        "largest_unseen_share": largest("unseen"),
        "class_share_change": largest("classes"),
        **({"target_psi": largest("target")} if targets else {}),
        "error_increase": largest("errors"),
    }
