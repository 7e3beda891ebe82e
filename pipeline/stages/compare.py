"""Stage `compare`: answer from the evaluation, and judge the retrained networks on test, once."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.cluster.chosen import chosen_cluster
from pipeline.cluster.members import executor
from pipeline.cluster.processors import machine_words
from pipeline.comparison.assessment import assess
from pipeline.comparison.circumstances import (
    Circumstances,
    SearchOutcome,
    describe_data,
    describe_setting,
)
from pipeline.comparison.judge import judge
from pipeline.comparison.kinds import Kind
from pipeline.comparison.material import RawRows, prepare_material
from pipeline.comparison.plan import conduct, most_fits
from pipeline.config.params import load_params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.description import read_schema
from pipeline.data.prepare import prepared_columns
from pipeline.evaluation.result import read_evaluation
from pipeline.project import outputs as paths
from pipeline.project.lock import exclusive
from pipeline.project.machine import file_digests, package_versions
from pipeline.project.outputs import (
    BEST,
    FIGURES,
    REPORT,
    TEST,
    TIMINGS,
    TRAIN,
    VAL,
    read_json,
    read_rows,
    write_csv,
    write_json,
    write_text,
)
from pipeline.project.parts import PartClock, earlier_seconds
from pipeline.project.run_stage import logger, run_stage
from pipeline.project.stopwatch import Stopwatch
from pipeline.report.assemble import ReportFiles, assemble_report
from pipeline.report.head import made_line
from pipeline.report.sections import last_lines
from pipeline.statistics.intervals import Interval
from pipeline.tracking.models.comparison_run import log_comparison
from pipeline.tracking.models.export import export_models, served_predictions
from pipeline.tracking.store.datasets import RoleRows
from pipeline.tracking.store.model_name import check_before_work
from pipeline.tracking.store.provenance import code_state
from pipeline.training.builder_start import start_builder
from pipeline.training.trainers import trainer

ROLES = (TRAIN, VAL, TEST)
EXAMPLE_ROWS = 5
# Seconds of the parts, as long as no run on this machine has measured them.
USUAL_S = {
    "train: validation curves": 6.0,
    "train: the tuned network": 0.7,
    "train: the baseline network": 0.8,
    "train: L1": 0.6,
    "train: L2": 1.0,
    "train: bootstrap sets": 2.5,
    "train: reference experiment": 0.2,
    "statistics: ablation, bias and variance, reference": 0.1,
    "export": 0.5,
    "statistics: quality, importance": 0.3,
    "statistics: tuned and baseline": 0.2,
    "report and figures": 2.5,
    "registry": 3.5,
}


def main() -> None:
    params, schema, best = load_params(), read_schema(), read_json(BEST)
    evaluation = read_evaluation()
    rows = RawRows(*map(read_rows, ROLES))
    check_before_work(params.tracking.model_name, schema.name, rows.val.columns)
    stopwatch = Stopwatch()
    clock = PartClock("compare", stopwatch, earlier_seconds(TIMINGS, USUAL_S))
    material, preparation = prepare_material(rows, schema, params)
    fold, tuned = material.fold, Regularization.model_validate(best["regularization"])
    with exclusive():
        kinds: dict[Kind, Regularization] = {"tuned": tuned, "baseline": params.baseline}
        start_builder(
            fold,
            material.classes,
            params.network,
            params.train,
            params.baseline,
            most_fits(material, params),
            "compare.seeds and compare.bootstrap_sets",
        )
        with chosen_cluster(params.network.model) as cluster:
            train = trainer(params.network.model, executor(cluster))
            findings = conduct(kinds, material, params, train, clock, evaluation is not None)
            machine = machine_words(cluster)
        circumstances = Circumstances(
            describe_data(schema, rows.counts, fold),
            SearchOutcome(
                best["study"],
                best["trial"],
                best["trials"],
                {name: Interval(**share) for name, share in best["importance"].items()},
            ),
            describe_setting(params, file_digests(ROLES), package_versions(), machine, schema.task),
        )
        with clock("export"):
            models = export_models(findings, preparation)
            predictions = served_predictions(models, rows, fold.actual[fold.score], schema)
        with clock("statistics: quality, importance"):
            columns = prepared_columns(preparation, schema)
            quality = assess(findings, predictions, fold, rows, columns, params.compare)
        with clock("statistics: tuned and baseline"):
            comparison = judge(
                findings, predictions, quality, circumstances, params.compare, evaluation
            )
        with clock("report and figures"):
            commit, changed = code_state()
            spent = datetime.now() - stopwatch.started
            made = made_line(datetime.now(UTC), commit, changed, spent.total_seconds())
            write_outputs(
                assemble_report(comparison, findings.networks, predictions, FIGURES.name, made)
            )
        write_json(TIMINGS, stopwatch.seconds)
        with clock("registry"):
            log_comparison(
                comparison,
                models=models,
                raw=rows.train[schema.features].head(EXAMPLE_ROWS),
                inputs=[
                    RoleRows(path.stem, path, frame)
                    for path, frame in zip(ROLES, rows.frames, strict=True)
                ],
                report=[*map(REPORT.with_suffix, (".html", ".md", ".json")), FIGURES, TIMINGS],
                model_name=params.tracking.model_name,
                started=stopwatch.started,
            )
        write_json(TIMINGS, stopwatch.seconds)
    for line in last_lines(comparison):
        logger.info(line)


def write_outputs(files: ReportFiles) -> None:
    write_csv(paths.PREDICTIONS, files.predictions)
    for name, table in files.tables.items():
        write_csv(FIGURES / f"{name}.csv", table)
    for name, chart in files.charts.items():
        write_text(FIGURES / f"{name}.svg", chart)
    write_json(REPORT.with_suffix(".json"), files.json)
    write_text(REPORT.with_suffix(".md"), files.markdown)
    write_text(REPORT.with_suffix(".html"), files.html)
    write_json(paths.COMPARE_METRICS, files.headline)


if __name__ == "__main__":
    run_stage(main)
