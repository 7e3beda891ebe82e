"""Stage `compare`: retrain best and baseline from many seeds, and judge both on test, once."""

from __future__ import annotations

from collections.abc import Mapping

import skops.io

from pipeline.data.prepare import Fold, prepare_final
from pipeline.data.schema import Schema
from pipeline.data.table import sentences
from pipeline.errors import InputError
from pipeline.evidence import curves, figures, report
from pipeline.evidence.comparison import Comparison, Data, Kind
from pipeline.evidence.judge import Networks, judge
from pipeline.evidence.metrics import Floats, Labels
from pipeline.params import Params, Regularization, load_params
from pipeline.stages import logger, run_stage
from pipeline.stages.files import (
    BEST,
    COMPARE_METRICS,
    FIGURES,
    MODELS,
    PREDICTIONS,
    PREPARATION,
    REPORT,
    SCHEMA,
    TEST,
    TRAIN,
    VAL,
    read_json,
    read_rows,
    read_schema,
    write_bytes,
    write_csv,
    write_json,
    write_text,
)
from pipeline.stages.lock import exclusive
from pipeline.tracking.datasets import RoleRows
from pipeline.tracking.models import ModelFiles, open_model
from pipeline.tracking.registry import log_comparison
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Member
from pipeline.training.network import export_network
from pipeline.training.stack import train_stack

EXAMPLE_ROWS = 5
# Of the figures in metrics/: more are noise, and make dvc metrics hard to read.
DIGITS = 6
HEADLINE = ("log_loss", "accuracy", "roc_auc")


def main() -> None:
    params, schema, best = load_params(), read_schema(), read_json(BEST)
    train, val, test = read_rows(TRAIN), read_rows(VAL), read_rows(TEST)
    fold, preparation = prepare_final(
        train, val, test, schema, params.data.scale, params.data.categories
    )
    y = fold.y[fold.score]
    architecture = Architecture.of(params.network, fold.x.shape[1], len(schema.classes))
    kinds: dict[Kind, Regularization] = {
        "best": Regularization.model_validate(best["regularization"]),
        "baseline": params.baseline,
    }
    with exclusive():
        networks = train_networks(kinds, fold, architecture, params)

        MODELS.mkdir(exist_ok=True)
        skops.io.dump(preparation, PREPARATION)
        models = {kind: export(kind, networks[kind], architecture) for kind in networks}
        # Through the very model that is registered: what is judged is what will be served.
        probability: dict[Kind, Floats] = {
            kind: open_model(files).predict(None, test[schema.features]).iloc[:, 1:].to_numpy(float)
            for kind, files in models.items()
        }
        data = describe(schema, {"train": len(train), "val": len(val), "test": len(test)})
        study = (best["study"], best["trial"], best["trials"])
        comparison = judge(networks, probability, y, data, study, params.compare)
        write_outputs(comparison, networks, probability, y)
        registered = log_comparison(
            comparison,
            models=models,
            raw=train[schema.features].head(EXAMPLE_ROWS),
            inputs=[
                RoleRows("train", TRAIN, train),
                RoleRows("val", VAL, val),
                RoleRows("test", TEST, test),
            ],
            report=[*(REPORT.with_suffix(end) for end in (".html", ".md", ".json")), FIGURES],
            model_name=params.tracking.model_name,
        )
    for one in registered:
        logger.info("registered %s version %s as %s", one.name, one.version, one.alias)
    logger.info(comparison.sentence)


def train_networks(
    kinds: Mapping[Kind, Regularization], fold: Fold, architecture: Architecture, params: Params
) -> dict[Kind, Networks]:
    """Networks of each kind from the same seeds; `InputError` if one has no finite loss."""
    seeds = range(params.seed, params.seed + params.compare.seeds)
    members = [Member(fold, one, seed) for one in kinds.values() for seed in seeds]
    fits = iter(train_stack(members, architecture, params.train))
    networks = {
        kind: Networks(one, seeds, [next(fits) for _ in seeds]) for kind, one in kinds.items()
    }
    for kind, of_kind in networks.items():
        for seed, fit in zip(seeds, of_kind.fits, strict=True):
            if fit.failure:
                raise InputError(
                    f"compare: the {kind} network of seed {seed} failed ({fit.failure}), want a"
                    " finite loss. Lower train.learning_rate, or look for extreme values."
                )
    return networks


def export(kind: Kind, networks: Networks, architecture: Architecture) -> ModelFiles:
    """Save the registered network as an ordinary Keras model."""
    path = MODELS / f"{kind}.keras"
    weights = networks.fits[networks.registered].weights
    export_network(architecture, networks.regularization, weights).save(path)
    return ModelFiles(network=path, preparation=PREPARATION, schema=SCHEMA)


def describe(schema: Schema, rows: dict[str, int]) -> Data:
    return Data(
        name=schema.name,
        description=schema.description,
        classes=schema.classes,
        positive=schema.positive,
        columns=len(schema.columns),
        rows=rows,
        findings=tuple(sentences(schema.findings)),
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
                kind: [(fit.log_loss, fit.val_log_loss) for fit in of_kind.fits]
                for kind, of_kind in networks.items()
            }
        ),
        "roc": curves.roc_table(probability, y, classes),
        "pr": curves.pr_table(probability, y, classes),
        "confusion": curves.confusion_table(probability, y, classes),
    }
    images = {
        "differences": figures.png(figures.differences(comparison)),
        "learning": figures.png(figures.learning_curves(tables["learning"])),
        "roc": figures.png(figures.roc(tables["roc"])),
        "pr": figures.png(figures.precision_recall(tables["pr"])),
        "confusion": figures.png(figures.confusion(comparison)),
    }
    write_csv(PREDICTIONS, curves.prediction_table(probability, y, classes))
    write_csv(FIGURES / "learning.csv", curves.wide(tables.pop("learning")))
    for name, table in tables.items():
        for kind, rows in table.groupby("model"):
            write_csv(FIGURES / f"{name}_{kind}.csv", rows.drop(columns="model"))
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
