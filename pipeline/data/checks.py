"""Check a table before any work is done.

Whatever makes a study impossible or meaningless is an error. Whatever the user should know is a
finding, which `data/schema.json` and the report list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from pipeline.config.errors import InputError
from pipeline.data.findings import Finding
from pipeline.data.rows import LARGEST
from pipeline.data.schema import Schema
from pipeline.data.table import Table

MOST_CLASSES = 50
FEWEST_ROWS = 20
# One row for each role.
FEWEST_OF_CLASS = 3
# Accuracy misleads where it is this high without looking at the features, or where a class is so
# rare, compared with an even share of the rows, that missing all of it hardly shows.
BLIND_ACCURACY = 0.8
SCARCE = 0.2
MOSTLY_MISSING_SHARE = 0.5
# A column of texts with so many different values for its rows names rows.
UNIQUE_SHARE = 0.95
FREE_TEXT_LETTERS = 40
NUMBERS_SHARE = 0.5
LEAK_ACCURACY = 0.99
# Below, chance may find a column that tells the classes apart.
LEAK_ROWS = 50
SAMPLE_ROWS = 5000
# A tree may take this many leaves more than there are classes.
LEAK_SPARE_LEAVES = 1
DATE_LIKE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}\.? [A-Za-z]{3,9}\.? \d{4}|"
    r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
)
SHOWN = 5


def check_table(table: Table, schema: Schema, group: str | None) -> tuple[Finding, ...]:
    """Return the findings on a table; raise `InputError` if no study can be made of it."""
    _check_target(table)
    frame = table.frame
    if all(column.ignored for column in schema.columns):
        raise InputError(
            f"{table.name}: every column but {table.target!r} is empty or the same in all rows,"
            " want one that differs. Look at data.keep, data.drop and data.missing."
        )
    _check_infinite(table, schema)
    if group is not None and frame[group].isna().any():
        raise InputError(
            f"{table.name}: group column {group!r} has {int(frame[group].isna().sum())} gaps, want"
            " a group for each row. Fill them, e.g. each with a name of its own."
        )
    return (
        *_of_target(table),
        *_of_columns(table, schema),
        *_leaks(table, schema),
        *_contradictions(table, schema),
    )


def _check_target(table: Table) -> None:
    name, labels = table.target, table.frame[table.target]
    count = len(table.classes)
    if count < 2:
        raise InputError(
            f"{table.name}: target {name!r} is {table.classes[0]!r} in every row, want two classes"
            " or more. Look at data.target."
        )
    if count > MOST_CLASSES:
        number = pd.to_numeric(labels, errors="coerce").notna().all()
        why = " It looks like a quantity: group it into classes first." if number else ""
        raise InputError(
            f"{table.name}: target {name!r} has {count} classes, want 2 to {MOST_CLASSES}."
            f"{why or ' Look at data.target, or merge classes.'}"
        )
    sizes = labels.value_counts()
    if sizes.min() < FEWEST_OF_CLASS:
        raise InputError(
            f"{table.name}: class {sizes.idxmin()!r} of {name!r} has {sizes.min()} rows, want at"
            f" least {FEWEST_OF_CLASS}, one for each role. Merge it with another, or leave its rows"
            " out."
        )
    if len(labels) < FEWEST_ROWS:
        raise InputError(
            f"{table.name}: {len(labels)} rows, want at least {FEWEST_ROWS}. Collect more."
        )


def _check_infinite(table: Table, schema: Schema) -> None:
    bad = {
        name: count
        for name in schema.numeric
        if table.frame[name].dtype.kind == "f"
        and (count := int((table.frame[name].abs() > LARGEST).sum()))
    }
    if bad:
        shown = ", ".join(f"{name!r} ({count})" for name, count in list(bad.items())[:SHOWN])
        raise InputError(
            f"{table.name}: values that are infinite or beyond {LARGEST:g} in {shown}, want finite"
            " numbers or gaps. Replace them, or list them (inf, -inf) in data.missing."
        )


def _of_target(table: Table) -> Iterator[Finding]:
    share = table.frame[table.target].value_counts(normalize=True)
    if share.max() >= BLIND_ACCURACY or share.min() < SCARCE / len(share):
        message = (
            f"class {share.idxmin()!r} has {share.min():.1%} of the rows, and always guessing"
            f" {share.idxmax()!r} is right in {share.max():.1%}, so accuracy is misleading; look at"
            " balanced accuracy and PR AUC, and try train.class_weight: balanced"
        )
        yield Finding(check="imbalance", column=table.target, message=message)
    plain: dict[str, str] = {}
    for name in table.classes:
        twin = plain.setdefault(" ".join(name.split()).lower(), name)
        if twin is not name:
            message = f"classes {twin!r} and {name!r} differ by case or blanks alone"
            yield Finding(check="class names", column=table.target, message=message)
    if len(schema_columns := table.frame.columns) - 1 > len(table.frame):
        message = (
            f"{len(schema_columns) - 1} columns for {len(table.frame)} rows: a network can"
            " memorize the rows"
        )
        yield Finding(check="more columns than rows", column=None, message=message)


def _of_columns(table: Table, schema: Schema) -> Iterator[Finding]:
    rows = len(table.frame)
    for column in schema.columns:
        name, values = column.name, table.frame[column.name]
        if column.ignored:
            messages = {
                "empty": "no value in any row; not used",
                "constant": "one value in every row; used in images only",
            }
            yield Finding(check=column.ignored, column=name, message=messages[column.ignored])
            continue
        if column.missing > MOSTLY_MISSING_SHARE * rows:
            message = f"{column.missing / rows:.0%} of its values are missing"
            yield Finding(check="mostly missing", column=name, message=message)
        if column.kind == "category":
            yield from _of_text(name, values)
        elif values.dtype.kind in "iu" and _counts_rows(values):
            yield Finding(check="id-like", column=name, message=_id_like())


def _id_like() -> str:
    return "a different value in each row, like an id; if it is one, leave it out (data.drop)"


def _counts_rows(values: pd.Series) -> bool:
    """Tell whether whole numbers are distinct and nearly consecutive, like those of an id."""
    if len(values) < FEWEST_ROWS or not values.is_unique:
        return False
    return int(values.max()) - int(values.min()) < 2 * len(values)


def _of_text(name: str, values: pd.Series) -> Iterator[Finding]:
    present = values.dropna().astype(str)
    sample = present.sample(min(len(present), SAMPLE_ROWS), random_state=0)
    number = pd.to_numeric(sample.str.replace(",", ".", regex=False), errors="coerce").notna()
    if NUMBERS_SHARE <= number.mean() < 1 or (number.all() and sample.str.contains(",").any()):
        odd = ", ".join(map(repr, sample[~number].unique()[:SHOWN]))
        mend = f"list {odd} in data.missing" if odd else "set data.csv.decimal"
        message = f"mostly numbers, but read as text; {mend} if these are no levels"
        yield Finding(check="numbers as text", column=name, message=message)
    elif sample.str.strip().str.fullmatch(DATE_LIKE.pattern).mean() > NUMBERS_SHARE:
        message = (
            f"looks like dates such as {sample.iloc[0]!r}, but read as text; give its format in"
            " data.types, e.g. date:%d/%m/%Y"
        )
        yield Finding(check="dates as text", column=name, message=message)
    elif present.nunique() >= UNIQUE_SHARE * len(present) and len(present) >= FEWEST_ROWS:
        if sample.str.len().mean() > FREE_TEXT_LETTERS:
            message = "free text, whose levels carry little information; leave it out (data.drop)"
            yield Finding(check="free text", column=name, message=message)
        else:
            yield Finding(check="id-like", column=name, message=_id_like())
    elif sample.str.len().mean() > FREE_TEXT_LETTERS and sample.str.count(" ").mean() > SHOWN:
        message = "looks like free text, whose levels carry little information"
        yield Finding(check="free text", column=name, message=message)


def _leaks(table: Table, schema: Schema) -> Iterator[Finding]:
    """Yield a finding for each column that separates the classes on its own."""
    if len(table.frame) < LEAK_ROWS:
        return
    sample = table.frame.sample(min(len(table.frame), SAMPLE_ROWS), random_state=0)
    labels = sample[table.target].to_numpy()
    leaves = len(table.classes) + LEAK_SPARE_LEAVES
    for column in schema.columns:
        if column.ignored:
            continue
        values = sample[column.name]
        if column.kind == "category":
            # Levels by their most frequent class, those seen once left out: they prove nothing.
            level = values.astype("str").fillna("")
            usual = pd.crosstab(level, labels)
            known = level.map(usual.sum(axis=1)) > 1
            if known.mean() < NUMBERS_SHARE:
                continue
            guess = level[known].map(usual.idxmax(axis=1)).to_numpy()
            accuracy = _balanced(labels[known.to_numpy()], guess)
        else:
            x = values.astype("float64" if column.kind != "date" else "int64").to_numpy()[:, None]
            tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(x, labels)
            accuracy = _balanced(labels, tree.predict(x))
        if accuracy >= LEAK_ACCURACY:
            message = (
                f"predicts the target on its own ({accuracy:.1%} balanced accuracy); if it is not"
                " known before the target is, leave it out (data.drop)"
            )
            yield Finding(check="leak", column=column.name, message=message)


def _balanced(labels: np.ndarray, guess: np.ndarray) -> float:
    if len(np.unique(labels)) < 2:
        return 0.0
    # Over the classes that occur; a guess of any other class is wrong anyhow.
    return float(np.mean([(guess[labels == label] == label).mean() for label in np.unique(labels)]))


def _contradictions(table: Table, schema: Schema) -> Iterator[Finding]:
    features = table.frame[schema.features]
    content = pd.util.hash_pandas_object(features, index=False)
    labels = table.frame[table.target].groupby(content.to_numpy()).transform("nunique")
    count = int((labels > 1).sum())
    if count:
        message = f"{count} rows are equal to others of another class: nothing can tell them apart"
        yield Finding(check="contradictions", column=None, message=message)
