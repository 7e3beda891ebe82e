"""Stage `promote`: may the challenger go live? Judge it beside the champion, and move the alias."""

from __future__ import annotations

from typing import Literal

from pipeline.config.errors import InputError
from pipeline.config.params import Params, load_params
from pipeline.config.sections.gate import GateParams
from pipeline.data.description import read_schema
from pipeline.gate.decision import decide
from pipeline.gate.drift import figures as drift_figures
from pipeline.gate.new_rows import Today
from pipeline.gate.report import GateReport, markdown
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    DRIFT_METRICS,
    GATE,
    RAW,
    REPORT,
    TEST,
    TRAIN,
    TUNED_NETWORK,
    VAL,
    read_json,
    read_rows,
    write_json,
    write_text,
)
from pipeline.project.place import copied_from
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.challenger import find_challenger
from pipeline.tracking.registry.champion import CHAMPION, Registry, Version
from pipeline.tracking.registry.evidence import gather
from pipeline.tracking.registry.gate_reports import attach, decided, kept, tried, undecided
from pipeline.tracking.store.tryout import tryout


def main() -> None:
    params = load_params()
    registry = Registry(params.tracking.model_name)
    challenger: Version | None = None
    with exclusive():
        try:
            if why := tryout():
                report = tried(registry, why)
            else:
                finished = registry.finish()
                if finished:
                    logger.info("completed: version %s %s", finished.version, finished.action)
                challenger = find_challenger(registry, TUNED_NETWORK)
                report = consider(params, registry, challenger)
        except (InputError, OSError) as error:
            # OSError: artifacts may be files, here or on a disk that is not there.
            report = undecided(registry, challenger, str(error))
        write_outputs(report)
        if challenger:
            attach(
                registry, challenger, report, [GATE.with_suffix(end) for end in (".md", ".json")]
            )
    for line in last_lines(report):
        logger.info("%s", line)
    fail_if_wanted(report, params.gate)


def consider(params: Params, registry: Registry, challenger: Version) -> GateReport:
    """Decide, record the decision and carry it out; `InputError` if none is possible."""
    schema, rows = read_schema(), Today(*map(read_rows, (RAW, TRAIN, VAL, TEST)))
    read_json(REPORT.with_suffix(".json"))
    champion = registry.holder(CHAMPION)
    if champion and champion.number == challenger.number:
        return kept(registry, champion)
    gathered = gather(registry, challenger, champion, rows, schema, params)
    decision = decide(gathered.evidence, params.gate)
    outcome: Literal["promoted", "refused"] = "promoted" if decision.promote else "refused"
    before = champion.number if champion else None
    checks = [check.model_dump() for check in decision.checks]
    figures = {"checks": checks, "metrics": gathered.metrics}
    entry = registry.record(outcome, challenger.number, before, decision.reasons, figures)
    report = decided(outcome, registry, challenger, champion, decision)
    shown = {"metrics": gathered.metrics, "drift": gathered.drift}
    return report.model_copy(update={"at": entry.at, "by": entry.by, **shown})


def last_lines(report: GateReport) -> list[str]:
    """Return what a terminal shows last: the answer, the decision, and where to look at both."""
    comparison, page = REPORT.with_suffix(".json"), REPORT.with_suffix(".html")
    lines = [f"Gate: {report.sentence}", *(f"- {reason}" for reason in report.reasons)]
    if comparison.is_file():
        found = read_json(comparison)
        answer = f"Does regularization help on {found['data']['name']}? {found['sentence']}"
        where = " of this experiment, here after dvc exp apply" if copied_from() else ""
        lines = [answer, *lines, f"Report: {page}{where}"]
    return [*lines, f"Why the gate decided so: {GATE}.md", "Runs and models: make ui"]


def fail_if_wanted(report: GateReport, gate: GateParams) -> None:
    """Fail the run, after all is written, if the parameters say so of this outcome."""
    keys = {"refused": "on_refusal", "undecided": "on_trouble"}
    key = keys.get(report.outcome)
    if key and getattr(gate, key) == "fail":
        raise InputError(
            f"promote: {report.outcome}, want a promotion (gate.{key} is fail)."
            f" The reasons are above and in {GATE}.md."
        )


def write_outputs(report: GateReport) -> None:
    compared = drift_figures(report.drift) if report.drift else {"level": "not compared"}
    write_json(DRIFT_METRICS, compared)
    write_json(GATE.with_suffix(".json"), report.model_dump(mode="json"))
    write_text(GATE.with_suffix(".md"), markdown(report))


if __name__ == "__main__":
    run_stage(main)
