"""Summarize the finished tables: pure functions of their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from atlas.result import Change, Finding, Row
from pipeline.evaluation.answer import ELASTIC_NET
from pipeline.evaluation.arms import BASELINE, ENSEMBLE, MIX
from pipeline.regularizers import BY_NAME

Findings = Mapping[str, Finding]
# Fewer tables than this say nothing of a property.
ENOUGH = 8


def arm(finding: Finding, name: str) -> Row:
    """Return the arm of this name."""
    return next(row for row in finding.arms if row.name == name)


def ensemble(finding: Finding) -> Row | None:
    """Return the arm that is the mean of several networks, if the evaluation has one."""
    return next((row for row in finding.arms if row.name == ENSEMBLE), None)


def peer(finding: Finding, name: str) -> Row:
    """Return the peer of this name."""
    return next(row for row in finding.peers if row.name == name)


def guess(finding: Finding) -> float:
    """Return the loss of guessing from the target alone: class shares, or the mean."""
    return finding.peers[0].loss


def change_of(row: Row) -> Change:
    """Return the change of an arm that has one."""
    assert row.change is not None
    return row.change


def tuned_change(finding: Finding) -> Change:
    """Return what the tuned mix changes."""
    return change_of(arm(finding, MIX))


def relative(finding: Finding) -> tuple[float, float, float]:
    """Return the change of the tuned mix and its interval, as shares of the baseline's loss.

    An interval may reach below -1, but no loss falls below 0, so it is cut there.
    """
    change, loss = tuned_change(finding), arm(finding, BASELINE).loss
    return change.estimate / loss, max(-1.0, change.low / loss), change.high / loss


def verdicts(findings: Findings) -> Counter[str]:
    """Return on how many tables each verdict was given."""
    return Counter(tuned_change(finding).verdict for finding in findings.values())


def lone_names(findings: Findings) -> list[str]:
    """Return the techniques that were tried alone, elastic net included, in their order."""
    names = [row.name for finding in findings.values() for row in finding.arms]
    return [name for name in dict.fromkeys(names) if name in BY_NAME or name == ELASTIC_NET]


@dataclass(frozen=True)
class Alone:
    """A technique alone, over all tables: on how many it has the least loss, and each verdict."""

    title: str
    least: int
    verdicts: Counter[str]


def alone(findings: Findings) -> list[Alone]:
    """Return what each technique does alone, the most often best first."""
    least = Counter(finding.alone for finding in findings.values())
    found = []
    for name in lone_names(findings):
        rows = [row for f in findings.values() for row in f.arms if row.name == name]
        given: Counter[str] = Counter(change_of(row).verdict for row in rows)
        found.append(Alone(rows[0].title, least[name], given))
    return sorted(found, key=lambda technique: -technique.least)


def unexplained(finding: Finding) -> float:
    """Return the least loss that any model here had, as a share of that of guessing."""
    rows = [arm(finding, BASELINE), arm(finding, MIX), *finding.peers]
    return min(row.loss for row in rows) / guess(finding)


def rows_per_weight(finding: Finding) -> float:
    """Return how many rows train one network, for each of its weights."""
    return finding.size.training / finding.size.weights


def columns(finding: Finding) -> float:
    """Return the columns that the network sees: categories have one for each level."""
    return finding.size.inputs


@dataclass(frozen=True)
class Half:
    """Half of the tables. helps: on how many; median: of the relative changes."""

    low: float
    high: float
    tables: int
    helps: int
    median: float


@dataclass(frozen=True)
class Relation:
    """How the change goes with a property: in the lower and upper half, and as rank correlation.

    correlation: below 0, regularization changes the loss the more for the better, the larger the
    property.
    """

    lower: Half
    upper: Half
    correlation: float
    p_value: float


def relation(findings: Findings, property_of: Callable[[Finding], float]) -> Relation | None:
    """Return how the relative change goes with a property; None if the tables are too few."""
    if len(findings) < ENOUGH:
        return None
    ordered = sorted(findings.values(), key=property_of)
    values = np.array([property_of(finding) for finding in ordered])
    changes = np.array([relative(finding)[0] for finding in ordered])
    if np.ptp(values) == 0:
        return None
    middle, found = len(ordered) // 2, spearmanr(values, changes)
    return Relation(
        lower=_half(ordered[:middle], property_of),
        upper=_half(ordered[middle:], property_of),
        correlation=float(found.statistic),
        p_value=float(found.pvalue),
    )


def _half(half: Sequence[Finding], property_of: Callable[[Finding], float]) -> Half:
    return Half(
        low=property_of(half[0]),
        high=property_of(half[-1]),
        tables=len(half),
        helps=sum(tuned_change(finding).verdict == "helps" for finding in half),
        median=median(relative(finding)[0] for finding in half),
    )


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return float(np.median(list(values)))
