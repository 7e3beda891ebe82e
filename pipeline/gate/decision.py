"""Decide whether the challenger goes live, with reasons, from figures alone; it fails closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.config.sections.gate import GateParams, SliceParams
from pipeline.gate.checks import ModelFigures, SliceAccuracy, SliceError
from pipeline.statistics.intervals import Interval
from pipeline.statistics.paired import compare_paired
from pipeline.tasks import calibration
from pipeline.tasks.arrays import Floats
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.tasks.metric import Metric, Targets
from pipeline.tasks.task import Task

Basis = Literal["first model", "champion"]


class Check(BaseModel):
    """A condition: what was found, and what was wanted."""

    model_config = ConfigDict(frozen=True)

    name: str
    passed: bool
    found: str
    wanted: str


class Decision(BaseModel):
    """Says whether to promote, and lists every condition that was checked."""

    model_config = ConfigDict(frozen=True)

    promote: bool
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return what stood against the promotion; empty if nothing did."""
        failed = [check for check in self.checks if not check.passed]
        return tuple(f"{check.name}: {check.found}, want {check.wanted}" for check in failed)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Holds what is known of a challenger beside a champion.

    difference: challenger minus champion in the gate's metric. champion: its value in it, which
    some margins are a share of. changed_roles: settings of the
    split that are not those of the champion's training, by which the champion may have been
    trained on today's test rows. withdrawn: rollbacks away from this very challenger.
    drift: changes of the data that forbid a promotion.
    clean: whether the challenger's code and parameters are committed ones. None: not known.
    """

    difference: Interval | None
    clean: bool | None
    changed_roles: Sequence[str] | None
    withdrawn: Sequence[str] | None
    drift: Sequence[str] | None
    champion: float | None = None


@dataclass(frozen=True)
class Evidence:
    """All that a decision rests on; None where it could not be had.

    contest: None if there is no champion yet. failed_data_checks: messages of those that failed.
    """

    challenger: ModelFigures | None
    failed_data_checks: Sequence[str] | None
    contest: Contest | None = field(default=None)
    task: Task = CLASSIFICATION


def decide(evidence: Evidence, gate: GateParams) -> Decision:
    """Promote only if every condition is shown to hold; the first model needs no contest."""
    data = _none_of("Findings in the data", evidence.failed_data_checks, _no(gate.findings))
    checks = [*_floors(evidence.challenger, gate, evidence.task), data]
    if evidence.contest is not None:
        checks = [*_contest(evidence.contest, gate, gate.metric_for(evidence.task)), *checks]
    return Decision(promote=all(check.passed for check in checks), checks=tuple(checks))


def challenge(
    challenger: Floats, champion: Floats, y: Targets, gate: GateParams, seed: int, task: Task
) -> Interval:
    """Return the interval of challenger minus champion in the gate's metric.

    challenger, champion: (row, output) outputs.
    """
    metric, level = gate.metric_for(task), 1 - gate.error_rate
    rivals = (challenger[None], champion[None])
    paired = compare_paired([metric], *rivals, y, gate.resamples, level, seed)
    return paired[metric.name].difference


def _contest(contest: Contest, gate: GateParams, metric: Metric) -> Iterator[Check]:
    difference, margin = contest.difference, gate.margin
    wanted = f"above -{margin:g}" if metric.more_is_better else f"below {margin:g}"
    if metric.relative:
        # A champion of unknown value leaves no margin.
        margin *= float("nan") if contest.champion is None else contest.champion
        wanted = f"below {margin:.4g} ({gate.margin:g} of the champion's)"
    name = f"{metric.title}, challenger minus champion"
    if difference is None:
        yield Check(name=name, passed=False, found="not known", wanted=f"all of it {wanted}")
    else:
        # Written so that a bound that is not a number does not pass.
        inside = difference.low > -margin if metric.more_is_better else difference.high < margin
        level = f"{100 * (1 - gate.error_rate):g} % interval"
        found = f"{difference.estimate:+.4f} ({level} {difference.low:+.4f} to"
        found += f" {difference.high:+.4f})"
        yield Check(name=name, passed=inside, found=found, wanted=f"all of it {wanted}")
    roles = "as they were for the champion"
    yield _none_of("Roles of rows", contest.changed_roles, roles, "changed: ")
    yield _none_of("Rolled back", contest.withdrawn, "never")
    yield _none_of("Drift", contest.drift, "none that stops")
    if gate.clean:
        how = "git commit, then make promote"
        words = {True: "committed", False: f"not committed ({how})", None: "not known"}
        yield Check(
            name="Code and parameters",
            passed=contest.clean is True,
            found=words[contest.clean],
            wanted="committed",
        )


def _floors(challenger: ModelFigures | None, gate: GateParams, task: Task) -> Iterator[Check]:
    if challenger is None:
        yield Check(name="Challenger", passed=False, found="not judged", wanted="its figures")
        return
    for metric in task.metrics:
        floor = gate.floors.bound(metric.name)
        if floor is None:
            continue
        value = challenger.metrics.get(metric.name)
        yield Check(
            name=metric.title,
            passed=value is not None and metric.meets(value, floor),
            found="not known" if value is None else f"{value:.4f}",
            wanted=f"at {'least' if metric.more_is_better else 'most'} {floor:g}",
        )
    if "calibration_error" in task.served_figures:
        error = challenger.metrics.get("calibration_error")
        yield Check(
            name=calibration.TITLE,
            passed=error is not None and error <= gate.calibration,
            found="not known" if error is None else f"{error:.4f}",
            wanted=f"at most {gate.calibration:g}",
        )
    yield (_slices if task.categorical else _slice_errors)(challenger, gate.slices)


def _slices(challenger: ModelFigures, slices: SliceParams) -> Check:
    worst, accuracy = challenger.worst_slice, challenger.metrics.get("accuracy")
    lowest = float("nan") if accuracy is None else accuracy - slices.drop
    if not isinstance(worst, SliceAccuracy):
        found, passed = f"no slice of {slices.min_rows} rows", True
    else:
        found = f"{worst.accuracy:.4f}, up to {worst.high:.4f} allowing for chance"
        found += f" ({worst.rows} rows, {worst.name})"
        # Written so that what is not a number does not pass.
        passed = worst.high >= lowest
    wanted = f"at least {lowest:.4f} ({slices.drop:g} below that of all rows)"
    return Check(name="Accuracy of the worst slice", passed=passed, found=found, wanted=wanted)


def _slice_errors(challenger: ModelFigures, slices: SliceParams) -> Check:
    worst, rmse = challenger.worst_slice, challenger.metrics.get("rmse")
    highest = float("nan") if rmse is None else rmse * (1 + slices.drop)
    if not isinstance(worst, SliceError):
        found, passed = f"no slice of {slices.min_rows} rows", True
    else:
        found = f"{worst.rmse:.4g}, down to {worst.low:.4g} allowing for chance"
        found += f" ({worst.rows} rows, {worst.name})"
        # Written so that what is not a number does not pass.
        passed = worst.low <= highest
    wanted = f"at most {highest:.4g} ({slices.drop:g} above that of all rows)"
    return Check(name="RMSE of the worst slice", passed=passed, found=found, wanted=wanted)


def _no(findings: Sequence[str]) -> str:
    return f"no {' or '.join(findings)}" if findings else "none is forbidden"


def _none_of(name: str, trouble: Sequence[str] | None, wanted: str, prefix: str = "") -> Check:
    if trouble is None:
        return Check(name=name, passed=False, found="not known", wanted=wanted)
    found = prefix + "; ".join(trouble) if trouble else wanted
    return Check(name=name, passed=not trouble, found=found, wanted=wanted)
