"""Stage `promote`: may the challenger go live? Judge it beside the champion, and move the alias."""

from __future__ import annotations

import json
from typing import Literal

from pipeline.config.errors import InputError
from pipeline.config.params import Params, load_params
from pipeline.data.description import read_schema
from pipeline.data.prepare import class_numbers
from pipeline.data.roles import identities, role_basis
from pipeline.gate.checks import failed_data_checks, judge_model, log_probabilities
from pipeline.gate.contest import changed_roles
from pipeline.gate.decision import Contest, Evidence, challenge, decide
from pipeline.gate.drift import figures
from pipeline.gate.new_rows import Today, drift_since, first_few, stop_message, todays_profile
from pipeline.gate.report import GateReport, markdown
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    BEST_NETWORK,
    DRIFT_METRICS,
    GATE,
    RAW,
    REPORT,
    TEST,
    TRAIN,
    VAL,
    read_json,
    read_rows,
    write_json,
    write_text,
)
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.challenger import find_challenger
from pipeline.tracking.registry.champion import CHAMPION, ROLES_TAG, Registry, Version
from pipeline.tracking.registry.gate_reports import attach, decided, kept, undecided


def main() -> None:
    params = load_params()
    registry = Registry(params.tracking.model_name)
    challenger: Version | None = None
    with exclusive():
        try:
            finished = registry.finish()
            if finished:
                logger.info("completed: version %s %s", finished.version, finished.action)
            challenger = find_challenger(registry, BEST_NETWORK)
            report = consider(params, registry, challenger)
        except (InputError, OSError) as error:
            # OSError: artifacts may be files, here or on a disk that is not there.
            report = undecided(registry, challenger, str(error))
        write_outputs(report)
        if challenger:
            attach(
                registry, challenger, report, [GATE.with_suffix(end) for end in (".md", ".json")]
            )
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
    schema, rows = read_schema(), Today(*map(read_rows, (RAW, TRAIN, VAL, TEST)))
    read_json(REPORT.with_suffix(".json"))
    champion = registry.holder(CHAMPION)
    if champion and champion.number == challenger.number:
        return kept(registry, champion)
    basis = role_basis(schema, params.split)
    registry.tag(challenger, ROLES_TAG, json.dumps(basis))
    today = todays_profile(rows, schema)
    registry.keep_training_profile(challenger, today)

    y, features = class_numbers(rows.test, schema), rows.test[schema.features]
    rivals = {"challenger": challenger} | ({"champion": champion} if champion else {})
    profile = registry.training_profile(champion) if champion else None
    drift = None
    if champion and profile:
        drift = drift_since(
            profile, rows.raw, rows.test, schema, params.drift,
            lambda raw: registry.predict(champion, raw, schema.classes),
        )  # fmt: skip
        if any(change.kind == "schema" for change in drift.at("stop")):
            raise InputError(stop_message(drift))
    p = {name: registry.predict(rival, features, schema.classes) for name, rival in rivals.items()}
    judged = {
        name: judge_model(probability, y, features, params.gate.slices.min_rows)
        for name, probability in p.items()
    }
    contest = None
    if champion:
        tested = identities(rows.test, schema).tolist()
        contest = Contest(
            difference=challenge(
                log_probabilities(p["challenger"]),
                log_probabilities(p["champion"]),
                y,
                params.gate,
                params.seed,
            ),
            clean=challenger.clean,
            changed_roles=changed_roles(
                champion.tags.get(ROLES_TAG), basis, profile, today, tested
            ),
            withdrawn=[
                f"version {entry.champion} on {entry.at[:10]} ({'; '.join(entry.reasons)})"
                for entry in registry.withdrawals(challenger.number)
            ],
            drift=None if drift is None else first_few([c.in_words for c in drift.at("stop")]),
        )
    failed = failed_data_checks(schema, params.gate.findings)
    decision = decide(Evidence(judged["challenger"], failed, contest), params.gate)
    metrics = {
        name: {**model.metrics, "calibration_error": model.calibration_error}
        for name, model in judged.items()
    }
    outcome: Literal["promoted", "refused"] = "promoted" if decision.promote else "refused"
    before = champion.number if champion else None
    record = {"checks": [check.model_dump() for check in decision.checks], "metrics": metrics}
    entry = registry.record(outcome, challenger.number, before, decision.reasons, record)
    report = decided(outcome, registry, challenger, champion, decision)
    return report.model_copy(
        update={"at": entry.at, "by": entry.by, "metrics": metrics, "drift": drift}
    )


def write_outputs(report: GateReport) -> None:
    compared = figures(report.drift) if report.drift else {"level": "not compared"}
    write_json(DRIFT_METRICS, compared)
    write_json(GATE.with_suffix(".json"), report.model_dump(mode="json"))
    write_text(GATE.with_suffix(".md"), markdown(report))


if __name__ == "__main__":
    run_stage(main)
