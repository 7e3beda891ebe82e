"""Check a table before any work is done.

Whatever makes a study impossible or meaningless is an error. Whatever the user should know is a
finding, which `data/schema.json` and the report list.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipeline.config.errors import InputError
from pipeline.data.column_checks import column_findings
from pipeline.data.findings import Finding
from pipeline.data.leaks import leaks
from pipeline.data.number_checks import check_number, number_findings, number_leaks
from pipeline.data.rows import LARGEST
from pipeline.data.schema import Schema
from pipeline.data.spellings import same_spelling
from pipeline.data.table import Table
from pipeline.data.target_kind import AS_NUMBER, MOST_CLASSES

FEWEST_ROWS = 20
# One row for each role.
FEWEST_OF_CLASS = 3
# Accuracy misleads where it is this high without looking at the features, or where a class is so
# rare, compared with an even share of the rows, that missing all of it hardly shows.
BLIND_ACCURACY = 0.8
SCARCE = 0.2
SHOWN = 5
# What programs write for no value.
LIKE_GAPS = {"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "?", "-", "--"}


def check_table(table: Table, schema: Schema, group: str | None) -> tuple[Finding, ...]:
    """Return the findings on a table; raise `InputError` if no study can be made of it."""
    (_check_target if table.classes else check_number)(table)
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
        *(_of_target if table.classes else number_findings)(table),
        *column_findings(table, schema),
        *(leaks if table.classes else number_leaks)(table, schema),
        *(_contradictions(table, schema) if table.classes else ()),
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
        why = f" {AS_NUMBER}" if number else ""
        raise InputError(
            f"{table.name}: target {name!r} has {count} classes, want 2 to {MOST_CLASSES}."
            f"{why or ' Look at data.target, or merge classes.'}"
        )
    sizes = labels.value_counts()
    if sizes.min() < FEWEST_OF_CLASS:
        raise InputError(
            f"{table.name}: class {sizes.idxmin()!r} of {name!r} has {sizes.min()}"
            f" {'row' if sizes.min() == 1 else 'rows'}, want at least {FEWEST_OF_CLASS}, one for"
            " each role. Merge it with another, or leave its rows out."
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
            " numbers or gaps. Mend them, or list those that stand for no value in data.missing."
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
    for first, second, difference in same_spelling(table.classes):
        message = (
            f"classes {first!r} and {second!r} differ only in {difference}; if they are one class,"
            " write them alike"
        )
        yield Finding(check="class names", column=table.target, message=message)
    for label in table.classes:
        if label.strip().lower() in LIKE_GAPS or label == "None":
            message = (
                f"class {label!r} looks like a gap; if it stands for no value, list it in"
                " data.missing, and its rows are left out"
            )
            yield Finding(check="class names", column=table.target, message=message)
    if len(schema_columns := table.frame.columns) - 1 > len(table.frame):
        message = (
            f"{len(schema_columns) - 1} columns for {len(table.frame)} rows: a network can"
            " memorize the rows"
        )
        yield Finding(check="more columns than rows", column=None, message=message)


def _contradictions(table: Table, schema: Schema) -> Iterator[Finding]:
    features = table.frame[schema.features]
    content = pd.util.hash_pandas_object(features, index=False)
    labels = table.frame[table.target].groupby(content.to_numpy()).transform("nunique")
    count = int((labels > 1).sum())
    if count:
        message = f"{count} rows are equal to others of another class: nothing can tell them apart"
        yield Finding(check="contradictions", column=None, message=message)
