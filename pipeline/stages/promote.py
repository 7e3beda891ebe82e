"""Stage `promote`: may the challenger go live? Judge it beside the champion, and move the alias."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Literal

from pipeline.data.prepare import class_numbers
from pipeline.data.roles import identities, role_basis
from pipeline.data.schema import Schema
from pipeline.errors import InputError
from pipeline.evidence.drift import figures
from pipeline.evidence.floors import judge_model, log_probabilities
from pipeline.evidence.gate import Decision, Evidence, challenge, decide
from pipeline.evidence.gate_report import GateReport, Outcome, markdown, sentence
from pipeline.params import Params, load_params
from pipeline.stages import logger, run_stage
from pipeline.stages.drift import drift_since, stop_message, todays_reference
from pipeline.stages.files import (
    DRIFT_METRICS,
    GATE,
    REPORT,
    TEST,
    read_json,
    read_rows,
    read_schema,
    write_json,
    write_text,
)
from pipeline.stages.lock import exclusive
from pipeline.stages.rivals import changed_roles, contest, find_challenger
from pipeline.tracking.champion import (
    CHAMPION,
    ROLES_TAG,
    Registry,
    Version,
)
from pipeline.tracking.journal import triggered_by
from pipeline.tracking.provenance import without_password


def main() -> None:
    params = load_params()
    registry = Registry(params.tracking.model_name)
    challenger: Version | None = None
    with exclusive():
        try:
            finished = registry.finish()
            if finished:
                logger.info("completed: version %s %s", finished.version, finished.action)
            challenger = find_challenger(registry)
            report = consider(params, registry, challenger)
        except (InputError, OSError) as error:
            # OSError: artifacts may be files, here or on a disk that is not there.
            report = undecided(registry, challenger, str(error))
        write_outputs(report)
        if challenger:
            attach(registry, challenger, report)
    logger.info(report.sentence)
    for reason in report.reasons:
        logger.info("- %s", reason)
    fails = {"refused": params.gate.on_refusal, "undecided": params.gate.on_trouble}
    if fails.get(report.outcome) == "fail":
        key = "on_refusal" if report.outcome == "refused" else "on_trouble"
        raise InputError(
            f"promote: {report.outcome}, want a promotion (gate.{key} is fail)."
            f" The reasons are above and in {GATE}.md."
        )


def consider(params: Params, registry: Registry, challenger: Version) -> GateReport:
    """Decide, record the decision and carry it out; `InputError` if none is possible."""
    schema, test = read_schema(), read_rows(TEST)
    read_json(REPORT.with_suffix(".json"))
    champion = registry.holder(CHAMPION)
    if champion and champion.number == challenger.number:
        return kept(registry, champion)
    basis = role_basis(schema, params.split)
    registry.tag(challenger, ROLES_TAG, json.dumps(basis))
    today = todays_reference(schema)
    registry.keep_reference(challenger, today)

    import pipeline.training._tensorflow  # noqa: F401  quietly, before a model does

    reference = registry.reference(champion) if champion else None
    drift = None
    if champion and reference:
        drift = drift_since(reference, schema, params, (registry, champion))
        if any(one.kind == "schema" for one in drift.at("stop")):
            raise InputError(stop_message(drift))
    y, features = class_numbers(test, schema), test[schema.features]
    p = {"challenger": registry.predict(challenger, features, schema.classes)}
    if champion:
        p["champion"] = registry.predict(champion, features, schema.classes)
    said = {kind: log_probabilities(of_kind) for kind, of_kind in p.items()}
    judged = {
        kind: judge_model(of_kind, y, features, params.gate.slices.min_rows)
        for kind, of_kind in p.items()
    }
    evidence = Evidence(
        challenger=judged["challenger"],
        failed_data_checks=failed_checks(schema, params.gate.findings),
        contest=contest(
            challenge(said["challenger"], said["champion"], y, params.gate, params.seed),
            challenger,
            champion,
            changed_roles(champion, basis, reference, today, identities(test, schema).tolist()),
            drift,
            registry,
        )
        if champion
        else None,
    )
    decision = decide(evidence, params.gate)
    metrics = {
        kind: {**one.metrics, "calibration_error": one.calibration_error}
        for kind, one in judged.items()
    }
    outcome: Literal["promoted", "refused"] = "promoted" if decision.promote else "refused"
    entry = registry.record(
        outcome,
        challenger.number,
        champion.number if champion else None,
        decision.reasons,
        {"checks": [one.model_dump() for one in decision.checks], "metrics": metrics},
    )
    report = report_of(outcome, registry, challenger, champion, decision)
    found = {"at": entry.at, "by": entry.by, "metrics": metrics, "drift": drift}
    return report.model_copy(update=found)


def failed_checks(schema: Schema, forbidden: tuple[str, ...]) -> list[str]:
    """What the data checks found of the kinds that keep a model from going live."""
    return [
        f"{one.check}{f' ({one.column})' if one.column else ''}: {one.message}"
        for one in schema.findings
        if one.check in forbidden
    ]


def report_of(
    outcome: Outcome,
    registry: Registry,
    challenger: Version,
    champion: Version | None,
    decision: Decision | None = None,
) -> GateReport:
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
    """The report when there is nothing to decide: when and by whom it was decided."""
    report = report_of("kept", registry, champion, champion)
    made = [entry for entry, _ in registry.journal() if entry.moves]
    if made and made[-1].version == champion.number:
        report = report.model_copy(update={"at": made[-1].at, "by": made[-1].by})
    return report


def undecided(registry: Registry, challenger: Version | None, message: str) -> GateReport:
    """The report when no decision was possible; in the journal too, if that can be reached."""
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


def attach(registry: Registry, challenger: Version, report: GateReport) -> None:
    """Show the decision on the page of the challenger's run."""
    shown = figures(report.drift) if report.drift else {}
    numbers = {f"drift_{key}": float(n) for key, n in shown.items() if isinstance(n, (int, float))}
    try:
        registry.attach(challenger, numbers, [GATE.with_suffix(end) for end in (".md", ".json")])
    except (InputError, OSError) as error:
        logger.warning("The decision stands; its report was not attached in MLflow: %s", error)


def write_outputs(report: GateReport) -> None:
    compared = figures(report.drift) if report.drift else {"level": "not compared"}
    write_json(DRIFT_METRICS, compared)
    write_json(GATE.with_suffix(".json"), report.model_dump(mode="json"))
    write_text(GATE.with_suffix(".md"), markdown(report))


if __name__ == "__main__":
    run_stage(main)
