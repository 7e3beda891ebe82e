"""The gate's reports, filled in from the registry: decided, nothing to decide, not decidable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.config.errors import InputError
from pipeline.gate.decision import Decision
from pipeline.gate.drift import figures
from pipeline.gate.report import GateReport, Outcome, sentence
from pipeline.tracking.registry.champion import CHAMPION, Registry, Version
from pipeline.tracking.registry.journal import triggered_by
from pipeline.tracking.store.provenance import without_password
from pipeline.tracking.store.tryout import HOW_TO_REGISTER

logger = logging.getLogger(__name__)


def decided(
    outcome: Outcome,
    registry: Registry,
    challenger: Version,
    champion: Version | None,
    decision: Decision | None = None,
) -> GateReport:
    """Report a decision; champion is the one from before it."""
    before = champion.number if champion else None
    return GateReport(
        outcome=outcome,
        sentence=sentence(outcome, challenger.number, before),
        model=registry.model,
        challenger=challenger.number,
        champion=before,
        by=triggered_by(),
        reasons=decision.reasons if decision else (),
        checks=decision.checks if decision else (),
    )


def kept(registry: Registry, champion: Version) -> GateReport:
    """Report that there is nothing to decide, and when and by whom it was decided."""
    report = decided("kept", registry, champion, champion)
    made = [entry for entry, _ in registry.journal() if entry.moves]
    if made and made[-1].version == champion.number:
        report = report.model_copy(update={"at": made[-1].at, "by": made[-1].by})
    return report


def undecided(registry: Registry, challenger: Version | None, message: str) -> GateReport:
    """Report that no decision was possible; in the journal too, if that can be reached."""
    reasons = tuple(without_password(line) for line in message.splitlines())
    champion: Version | None = None
    if challenger:
        with suppress(InputError):
            champion = registry.holder(CHAMPION)
            before = champion.number if champion else None
            registry.record("undecided", challenger.number, before, reasons)
    return GateReport(
        outcome="undecided",
        sentence="Undecided: nothing was promoted"
        + (f", version {champion.number} stays champion." if champion else "."),
        model=registry.model,
        challenger=challenger.number if challenger else None,
        champion=champion.number if champion else None,
        by=triggered_by(),
        reasons=reasons,
    )


def tried(registry: Registry, why: str) -> GateReport:
    """Report that no decision is wanted, with the champion if the registry can be reached."""
    champion: Version | None = None
    with suppress(InputError):
        champion = registry.holder(CHAMPION)
    number = champion.number if champion else None
    return GateReport(
        outcome="tried",
        sentence=sentence("tried", None, number),
        model=registry.model,
        champion=number,
        by=triggered_by(),
        reasons=(f"{why}. {HOW_TO_REGISTER}.",),
    )


def attach(
    registry: Registry, challenger: Version, report: GateReport, files: Sequence[Path]
) -> None:
    """Show the decision on the page of the challenger's run."""
    shown = figures(report.drift) if report.drift else {}
    numbers = {f"drift_{key}": float(n) for key, n in shown.items() if isinstance(n, (int, float))}
    try:
        registry.attach(challenger, numbers, files)
    except (InputError, OSError) as error:
        logger.warning("The decision stands; its report was not attached in MLflow: %s", error)
