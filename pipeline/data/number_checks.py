"""Check a target that is a number: what makes a study impossible, and what its user should know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.config.errors import InputError
from pipeline.data.findings import Finding
from pipeline.data.rows import LARGEST
from pipeline.data.schema import Schema
from pipeline.data.table import Table

FEWEST_ROWS = 40
# Of a target that is nowhere negative.
SKEWED = 2.0
REPEATED_SHARE = 0.5
FEW_VALUES = 5
# A column alone gives the target away if it leaves less than this part of its variance.
LEFT_VARIANCE = 0.001
LEAK_ROWS, SAMPLE_ROWS = 50, 5000
SEEN_TWICE_SHARE = 0.5


def check_number(table: Table) -> None:
    """Raise `InputError` if no study can be made of the target."""
    name, values = table.target, table.frame[table.target]
    bad = int((~np.isfinite(values) | (values.abs() > LARGEST)).sum())
    if bad:
        raise InputError(
            f"{table.name}: target {name!r} has {bad} values that are infinite or beyond"
            f" {LARGEST:g}, want finite numbers. Replace them, or list them (inf, -inf) in"
            " data.missing, which leaves their rows out."
        )
    if values.nunique() < 2:
        raise InputError(
            f"{table.name}: target {name!r} is {values.iloc[0]:g} in every row, want a number that"
            " differs. Look at data.target."
        )
    if len(values) < FEWEST_ROWS:
        raise InputError(
            f"{table.name}: {len(values)} rows, want at least {FEWEST_ROWS} to predict a number."
            " Collect more."
        )


def number_findings(table: Table) -> Iterator[Finding]:
    """Yield what the user should know about the target."""
    name, values = table.target, table.frame[table.target]
    count, usual = values.nunique(), values.value_counts(normalize=True)
    if count <= FEW_VALUES:
        message = (
            f"only {count} different values: they may be classes; if so, set data.task:"
            " classification"
        )
        yield Finding(check="few values", column=name, message=message)
    elif usual.iloc[0] >= REPEATED_SHARE:
        message = (
            f"{usual.index[0]:g} in {usual.iloc[0]:.0%} of the rows: the median absolute error may"
            " be near 0 whatever the network does"
        )
        yield Finding(check="repeated target", column=name, message=message)
    if values.min() >= 0 and count > FEW_VALUES and float(values.skew()) > SKEWED:
        message = (
            f"nowhere negative and skewed (a few rows are far above the others, up to"
            f" {values.max():.4g}); try data.target_transform: log1p"
        )
        yield Finding(check="skewed target", column=name, message=message)


def number_leaks(table: Table, schema: Schema) -> Iterator[Finding]:
    """Yield a finding for each column that gives the target away on its own."""
    if len(table.frame) < LEAK_ROWS:
        return
    sample = table.frame.sample(min(len(table.frame), SAMPLE_ROWS), random_state=0)
    y = sample[table.target].to_numpy(float)
    for column in schema.columns:
        if column.ignored:
            continue
        explained = _explained(sample[column.name], column.kind, y)
        if explained > 1 - LEFT_VARIANCE:
            message = (
                f"predicts the target on its own ({explained:.2%} of its variance); if it is not"
                " known before the target is, leave it out (data.drop)"
            )
            yield Finding(check="leak", column=column.name, message=message)


def _explained(values: pd.Series, kind: str, y: np.ndarray) -> float:
    """Return the share of the target's variance that a line, or the mean of a level, explains."""
    known = values.notna().to_numpy()
    if kind == "category":
        level = values.astype("str")
        known = known & (level.map(level.value_counts()) > 1).to_numpy(bool)
        if known.mean() < SEEN_TWICE_SHARE or len(np.unique(y[known])) < 2:
            return 0.0
        means = pd.Series(y[known]).groupby(level[known].to_numpy()).transform("mean")
        return 1 - float(((y[known] - means) ** 2).mean() / y[known].var())
    if known.sum() < LEAK_ROWS:
        return 0.0
    x = values[known].astype("int64" if kind == "date" else "float64").to_numpy().astype(float)
    if x.std() == 0 or y[known].std() == 0:
        return 0.0
    # Ranks too, as a column may be any rising function of the target.
    ranks = pd.DataFrame({"x": x, "y": y[known]}).rank()
    lines = (np.corrcoef(x, y[known]), np.corrcoef(ranks["x"], ranks["y"]))
    return max(float(line[0, 1] ** 2) for line in lines)
