"""Compare the rows that the champion has not seen with those that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.config.sections.drift import DriftParams
from pipeline.data.roles import identities
from pipeline.data.schema import Schema
from pipeline.data.target import actual_values, class_numbers
from pipeline.gate.drift import Drift, Errors, NumberErrors, find_drift
from pipeline.gate.profile import TrainingProfile, profile_rows, unknown_rows
from pipeline.tasks.arrays import Floats
from pipeline.tasks.regression import row_absolute_errors

# From raw rows to (row, class) probabilities, or (row, 1) numbers.
Predict = Callable[[pd.DataFrame], Floats]
SHOWN_CHANGES = 8


@dataclass(frozen=True, eq=False)
class Today:
    """Today's table, and its rows by role."""

    raw: pd.DataFrame
    train: pd.DataFrame
    val: pd.DataFrame
    test: pd.DataFrame


def drift_since(
    profile: TrainingProfile,
    raw: pd.DataFrame,
    test: pd.DataFrame,
    schema: Schema,
    drift: DriftParams,
    champion: Predict | None = None,
) -> Drift:
    """Compare today's rows with the profile of those the champion was trained on.

    raw: all of today's rows; test: the test rows among them. With the champion, its errors on new
    rows count too, unless a changed schema keeps it from answering.
    """
    new = unknown_rows(profile, row_identities(raw, schema))
    rows = raw[new]
    compared = (rows[schema.features], rows[schema.target], schema.classes)
    changes = find_drift(profile, *compared, None, drift)
    if champion is None or not changes.rows or any(c.kind == "schema" for c in changes.findings):
        return changes
    old = test[~unknown_rows(profile, row_identities(test, schema))]
    errors = champion_errors(champion, schema, old, rows)
    return find_drift(profile, *compared, errors, drift)


def champion_errors(
    champion: Predict, schema: Schema, old: pd.DataFrame, new: pd.DataFrame
) -> Errors | NumberErrors:
    """Return the champion's errors on old test rows and on new rows; it was trained on neither."""
    rows = pd.concat([old, new], ignore_index=True)
    p = champion(rows[schema.features])
    if not schema.classes:
        errors = row_absolute_errors(p, actual_values(rows, schema))
        return NumberErrors(errors[: len(old)], errors[len(old) :])
    wrong = p.argmax(1) != class_numbers(rows, schema)
    return Errors(
        old_rows=len(old),
        old_wrong=int(wrong[: len(old)].sum()),
        new_rows=len(new),
        new_wrong=int(wrong[len(old) :].sum()),
    )


def todays_profile(today: Today, schema: Schema) -> TrainingProfile:
    """Profile today's training rows, for later rows to be compared with."""
    fitted = [*identities(today.train, schema), *identities(today.val, schema)]
    return profile_rows(
        today.train[schema.features],
        today.train[schema.target],
        schema.classes,
        known=row_identities(today.raw, schema),
        fitted=fitted,
    )


def row_identities(raw: pd.DataFrame, schema: Schema) -> Sequence[str]:
    """Return digests of the rows' contents, whatever group they belong to."""
    digests: list[str] = identities(raw, schema.model_copy(update={"group": None})).tolist()
    return digests


def in_words(drift: Drift) -> str:
    """Sum up a comparison in a few words."""
    if not drift.rows:
        return f"{drift.new_rows} new rows, too few to compare; the schema is as it was"
    warned = len(drift.at("warn"))
    return f"{drift.rows} new rows, {warned} warning{'' if warned == 1 else 's'}"


def first_few(changes: Sequence[str]) -> list[str]:
    """Return as many changes as a person reads, and how many more there are."""
    more = len(changes) - SHOWN_CHANGES
    return [*changes[:SHOWN_CHANGES], f"{more} more"] if more > 0 else list(changes)


def stop_message(drift: Drift) -> str:
    """Say what stops, and what to do about it."""
    changes = "; ".join(first_few([change.in_words for change in drift.at("stop")]))
    return (
        f"drift: today's data are not what the champion was trained on ({changes}), want less than"
        " the stop levels in params.yaml. Correct the source; or, if the change is meant, raise"
        " the levels in section drift, run dvc repro, and promote with make promote FORCE=1."
    )
