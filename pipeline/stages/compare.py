"""Stage `compare`: retrain best and baseline from many seeds, and judge both on test, once."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

import skops.io

from pipeline.comparison.assessment import Predictions, assess
from pipeline.comparison.judge import judge
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.plan import Material, conduct
from pipeline.comparison.published import SETUPS
from pipeline.comparison.result import Comparison, Data, Setting
from pipeline.comparison.weights import weight_sizes
from pipeline.config.params import Params, load_params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.description import read_schema
from pipeline.data.findings import sentences
from pipeline.data.prepare import (
    Fold,
    prepare_cv,
    prepare_final,
    prepare_together,
    prepared_columns,
)
from pipeline.data.schema import Schema
from pipeline.project.lock import exclusive
from pipeline.project.outputs import (
    BEST,
    COMPARE_METRICS,
    FIGURES,
    MODELS,
    PREDICTIONS,
    PREPARATION,
    REPORT,
    SCHEMA,
    TEST,
    TIMINGS,
    TRAIN,
    VAL,
    read_json,
    read_rows,
    write_bytes,
    write_csv,
    write_json,
    write_text,
)
from pipeline.project.run_stage import logger, run_stage
from pipeline.project.stopwatch import Stopwatch
from pipeline.report import render as report
from pipeline.report import series as curves
from pipeline.report.figures import draw as drawing
from pipeline.report.spreadsheet import spreadsheet_safe
from pipeline.tasks.classification import Floats, Labels
from pipeline.tracking.datasets import RoleRows
from pipeline.tracking.registry.comparison_run import log_comparison
from pipeline.tracking.registry.models import ModelFiles, open_model
from pipeline.training.architecture import Architecture
from pipeline.training.network import export_network
from pipeline.training.trainers import trainer

EXAMPLE_ROWS = 5
DIGEST_DIGITS = 16
# What computes; the lock file has the rest.
PACKAGES = (
    "numba",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "statsmodels",
    "optuna",
)
# Of the figures in metrics/: more are noise, and make dvc metrics hard to read.
DIGITS = 6
HEADLINE = ("log_loss", "accuracy", "balanced_accuracy", "roc_auc", "pr_auc")


def main() -> None:
    params, schema, best = load_params(), read_schema(), read_json(BEST)
    train, val, test = read_rows(TRAIN), read_rows(VAL), read_rows(TEST)
    clock = Stopwatch()
    scale, categories = params.data.scale, params.data.categories
    weight = params.train.class_weight
    fold, preparation = prepare_final(train, val, test, schema, scale, categories, weight)
    setup = SETUPS.get(schema.name)
    material = Material(
        name=schema.name,
        classes=len(schema.classes),
        fold=fold,
        cv=(
            prepare_cv(train, val, schema, scale, categories, weight)
            if params.compare.curve_points
            else []
        ),
        every=(
            prepare_together([train, val, test], schema, setup.scale)
            if setup and params.compare.reference_repeats
            else None
        ),
    )
    kinds: dict[Kind, Regularization] = {
        "best": Regularization.model_validate(best["regularization"]),
        "baseline": params.baseline,
    }
    with exclusive():
        findings = conduct(kinds, material, params, trainer(), clock)
        networks = findings.networks

        with clock("export"):
            MODELS.mkdir(exist_ok=True)
            skops.io.dump(preparation, PREPARATION)
            models = {
                kind: export(kind, networks[kind], findings.architecture) for kind in networks
            }
            # Through the very model that is registered: what is judged is what will be served.
            probability: dict[Kind, Floats] = {
                kind: open_model(files)
                .predict(None, test[schema.features])
                .iloc[:, 1:]
                .to_numpy(float)
                for kind, files in models.items()
            }
        data = describe(schema, {"train": len(train), "val": len(val), "test": len(test)}, fold)
        study = (best["study"], best["trial"], best["trials"])
        y = fold.y[fold.score]
        with clock("statistics: quality, importance, weights"):
            served = open_model(models["best"]).predict(None, val[schema.features])
            judged = Predictions(
                probability=probability,
                val_probability=served.iloc[:, 1:].to_numpy(float),
                train=train,
                test=test,
                columns=prepared_columns(preparation, schema),
                classes=schema.classes,
            )
            quality = assess(networks["best"], findings.architecture, fold, judged, params.compare)
            weights = weight_sizes(
                findings.variants, findings.architecture, fold, params.train.learning_rate
            )
        with clock("statistics: tuned and baseline"):
            comparison = judge(
                networks,
                probability,
                y,
                data,
                study,
                params.compare,
                fitting_rows=findings.fitting_rows,
                ablation=findings.ablation,
                reference=findings.reference,
                decomposition=findings.decomposition,
                curves=findings.curves,
                weights=weights,
                quality=quality,
                setting=setting(params),
                importance=best.get("importance", {}),
            )
        with clock("report and figures"):
            write_outputs(comparison, networks, probability, y)
        write_json(TIMINGS, clock.seconds)
        with clock("registry"):
            registered = log_comparison(
                comparison,
                models=models,
                raw=train[schema.features].head(EXAMPLE_ROWS),
                inputs=[
                    RoleRows("train", TRAIN, train),
                    RoleRows("val", VAL, val),
                    RoleRows("test", TEST, test),
                ],
                report=[
                    *(REPORT.with_suffix(end) for end in (".html", ".md", ".json")),
                    FIGURES,
                    TIMINGS,
                ],
                model_name=params.tracking.model_name,
            )
        write_json(TIMINGS, clock.seconds)
    for one in registered:
        logger.info("registered %s version %s as %s", one.name, one.version, one.alias)
    logger.info(comparison.sentence)


def export(kind: Kind, networks: Networks, architecture: Architecture) -> ModelFiles:
    """Save the registered network as an ordinary Keras model."""
    path = MODELS / f"{kind}.keras"
    weights = networks.fits[networks.registered].weights
    export_network(architecture, networks.regularization, weights).save(path)
    return ModelFiles(network=path, preparation=PREPARATION, schema=SCHEMA)


def setting(params: Params) -> Setting:
    """What a rerun depends on besides data and code."""
    layers = "-".join(str(layer.units) for layer in params.network.layers)
    train = params.train.model_dump()
    if isinstance(params.train.class_weight, dict):
        weights = params.train.class_weight.items()
        train["class_weight"] = ", ".join(f"{name}: {weight:g}" for name, weight in weights)
    return Setting(
        digests={
            path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_DIGITS]
            for path in (TRAIN, VAL, TEST)
        },
        versions={"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        layers=f"hidden layers {layers}",
        train=train,
    )


def describe(schema: Schema, rows: dict[str, int], fold: Fold) -> Data:
    weighted: tuple[str, ...] = ()
    if fold.class_weight is not None:
        shown = ", ".join(map("{}: {:.3g}".format, schema.classes, fold.class_weight))
        weighted = (
            f"the training loss counts classes unequally ({shown}), so probabilities lean to the"
            " classes that count more; stopping and every figure below count rows equally",
        )
    return Data(
        name=schema.name,
        description=schema.description,
        classes=schema.classes,
        positive=schema.positive,
        columns=len(schema.columns),
        rows=rows,
        findings=(*sentences(schema.findings), *weighted),
    )


def write_outputs(
    comparison: Comparison,
    networks: Mapping[Kind, Networks],
    probability: Mapping[Kind, Floats],
    y: Labels,
) -> None:
    """Tables and figures, then the report in its three forms, then the metrics."""
    classes = comparison.data.classes
    tables = {
        "learning": curves.learning_table(
            {
                kind: [(fit.loss, fit.val_loss) for fit in of_kind.fits]
                for kind, of_kind in networks.items()
            }
        ),
        "roc": curves.roc_table(probability, y, classes),
        "pr": curves.pr_table(probability, y, classes),
        "confusion": curves.confusion_table(probability, y, classes),
    }
    images = drawing.draw(comparison, tables)
    write_csv(PREDICTIONS, spreadsheet_safe(curves.prediction_table(probability, y, classes)))
    write_csv(FIGURES / "learning.csv", curves.wide(tables.pop("learning")))
    for name, table in tables.items():
        for kind, rows in table.groupby("model"):
            write_csv(FIGURES / f"{name}_{kind}.csv", spreadsheet_safe(rows.drop(columns="model")))
    for name, image in images.items():
        write_bytes(FIGURES / f"{name}.png", image)
    write_json(REPORT.with_suffix(".json"), comparison.model_dump())
    write_text(REPORT.with_suffix(".md"), report.markdown(comparison, FIGURES.name))
    write_text(REPORT.with_suffix(".html"), report.html(comparison, images))
    write_json(COMPARE_METRICS, headline(comparison))


def headline(comparison: Comparison) -> dict[str, object]:
    """The few figures that `dvc metrics` shows and compares; all are in the JSON report."""
    shown: dict[str, object] = {"verdict": comparison.verdict}
    for name in HEADLINE:
        paired = comparison.metrics[name]
        shown[name] = {
            "tuned": round(paired.tuned.estimate, DIGITS),
            "baseline": round(paired.baseline.estimate, DIGITS),
        }
    interval = comparison.metrics["log_loss"].difference
    shown["difference"] = {
        "log_loss": round(interval.estimate, DIGITS),
        "low": round(interval.low, DIGITS),
        "high": round(interval.high, DIGITS),
    }
    return shown


if __name__ == "__main__":
    run_stage(main)
