"""A comparison of real networks on a toy table whose names are as awkward as names can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import pandas as pd

from pipeline.comparison.assessment import Predictions, assess
from pipeline.comparison.circumstances import Circumstances, SearchOutcome, describe_setting
from pipeline.comparison.judge import judge
from pipeline.comparison.material import RawRows, prepare_material
from pipeline.comparison.plan import Findings, conduct
from pipeline.comparison.result import Comparison, Data
from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import prepared_columns
from pipeline.data.schema import FOLD_COLUMN, Column, Schema
from pipeline.report.figure_data import chart_tables
from pipeline.statistics.intervals import Interval
from pipeline.tasks.classification import probabilities
from pipeline.training.stack import train_stack
from tests.made_evaluation import evaluation

SCRIPT, FORMULA = "<script>alert(1)</script>", "=cmd()"
SOME = Regularization(dropout=0.3, l1=1e-4, l2=1e-3, patience=2)
FINDING = f"'{SCRIPT}': 14 *gaps*, {FORMULA}"
ROWS = 150

SHARES = {"l1": Interval(0.6, 0.3, 0.8), "dropout": Interval(0.4, 0.2, 0.7)}


@contextmanager
def no_clock(part: str) -> Iterator[None]:
    yield


def toy_table(classes: int) -> tuple[pd.DataFrame, Schema]:
    """Return a table of hostile names and its schema; without classes, the target is a number."""
    rng = np.random.default_rng(classes)
    y = rng.integers(0, classes or 5, ROWS)
    labels = (FORMULA, SCRIPT, "-|`$x$")[:classes]
    target = np.array(labels)[y] if classes else 700 + 90 * y + rng.normal(0, 20, ROWS)
    frame = pd.DataFrame(
        {
            SCRIPT: rng.normal(2 * y),
            FORMULA: rng.normal(size=ROWS),
            "a|b": rng.choice([SCRIPT, FORMULA, "| x |"], ROWS),
            "target": target,
            FOLD_COLUMN: np.arange(ROWS) % 3,
        }
    )
    frame.loc[::11, FORMULA] = np.nan
    schema = Schema(
        name="breast_cancer" if classes == 2 else SCRIPT,
        description=f"{SCRIPT} and {FORMULA}",
        rows=ROWS,
        target="target",
        classes=labels,
        positive=labels[-1] if classes == 2 else None,
        group=None,
        columns=tuple(
            Column(name=name, kind=kind, dtype="", missing=0)
            for name, kind in ((SCRIPT, "numeric"), (FORMULA, "numeric"), ("a|b", "category"))
        ),
    )
    return frame, schema


def compared(params: Params, classes: int) -> tuple[Findings, Comparison, dict[str, pd.DataFrame]]:
    return _compared(params.model_dump_json(), classes)


def evaluated(params: Params) -> tuple[Findings, Comparison, dict[str, pd.DataFrame]]:
    """Return the same beside an evaluation."""
    return _compared(params.model_dump_json(), 2, beside=True)


@cache
def _compared(
    text: str, classes: int, beside: bool = False
) -> tuple[Findings, Comparison, dict[str, pd.DataFrame]]:
    params = Params.model_validate_json(text)
    made = evaluation(-0.08) if beside else None
    frame, schema = toy_table(classes)
    train, val, test = frame[:90], frame[90:110], frame[110:]
    rows = RawRows(train, val, test)
    material, preparation = prepare_material(rows, schema, params)
    kinds = {"tuned": SOME, "baseline": params.baseline}
    findings = conduct(  # type: ignore[arg-type]
        kinds, material, params, train_stack, no_clock, made is not None
    )
    fold, networks = material.fold, findings.networks
    y, outputs = fold.actual[fold.score], {k: n.logits[n.registered] for k, n in networks.items()}
    if classes:
        p = {kind: probabilities(logits) for kind, logits in outputs.items()}
        predictions = Predictions(p, p["tuned"][: len(val)], y, schema.classes)
    else:
        low, high = findings.served["tuned"].ends(outputs["tuned"][:, 0])
        predictions = Predictions(outputs, outputs["tuned"][: len(val)], y, (), low, high)
    columns = prepared_columns(preparation, schema)
    comparison = judge(
        findings,
        predictions,
        assess(findings, predictions, fold, rows, columns, params.compare),
        Circumstances(
            Data(
                name=schema.name,
                description=schema.description,
                classes=schema.classes,
                positive=schema.positive,
                columns=3,
                rows=rows.counts,
                findings=(FINDING,),
            ),
            SearchOutcome("toy", 4, 16, SHARES),
            describe_setting(params, {"train": "abc"}, {"python": "3"}, "x", schema.task),
        ),
        params.compare,
        made,
    )
    return findings, comparison, chart_tables(networks, predictions)
