"""Command `drift`: compare today's rows with those the champion was trained on, before training."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.data.prepare import class_numbers
from pipeline.data.roles import identities
from pipeline.data.schema import Schema
from pipeline.errors import InputError
from pipeline.evidence.drift import Drift, Errors, find_drift
from pipeline.evidence.training_rows import Reference, profile_rows, unknown_rows
from pipeline.params import Params, load_params
from pipeline.stages import logger, run_stage
from pipeline.stages.files import RAW, TEST, TRAIN, VAL, read_rows, read_schema
from pipeline.tracking.champion import CHAMPION, Registry, Version

FEW = 8


def main() -> None:
    params, schema = load_params(), read_schema()
    registry = Registry(params.tracking.model_name)
    champion = registry.holder(CHAMPION)
    reference = registry.reference(champion) if champion else None
    if reference is None:
        logger.info("drift: no champion's training rows to compare with")
        return
    drift = drift_since(reference, schema, params)
    for one in drift.findings:
        if one.level != "none":
            logger.warning("drift: %s", one.told)
    if drift.level == "stop":
        raise InputError(stop_message(drift))
    logger.info("drift: %s", told(drift))


def drift_since(
    reference: Reference,
    schema: Schema,
    params: Params,
    champion: tuple[Registry, Version] | None = None,
) -> Drift:
    """Today's rows against the reference.

    With the champion, its errors on new rows too, unless a changed schema keeps it from answering.
    """
    raw = read_rows(RAW)
    new = unknown_rows(reference, row_identities(raw, schema))
    rows = raw[new]
    compared = (rows[schema.features], rows[schema.target], schema.classes)
    drift = find_drift(reference, *compared, None, params.drift)
    if champion is None or not drift.rows or any(one.kind == "schema" for one in drift.findings):
        return drift
    test = read_rows(TEST)
    old = test[~unknown_rows(reference, row_identities(test, schema))]
    errors = champion_errors(*champion, schema, old, rows)
    return find_drift(reference, *compared, errors, params.drift)


def champion_errors(
    registry: Registry, champion: Version, schema: Schema, old: pd.DataFrame, new: pd.DataFrame
) -> Errors:
    """What the champion gets wrong of old test rows and of new rows: it trained on neither."""
    rows = pd.concat([old, new], ignore_index=True)
    p = registry.predict(champion, rows[schema.features], schema.classes)
    wrong = p.argmax(1) != class_numbers(rows, schema)
    return Errors(
        old_rows=len(old),
        old_wrong=int(wrong[: len(old)].sum()),
        new_rows=len(new),
        new_wrong=int(wrong[len(old) :].sum()),
    )


def todays_reference(schema: Schema) -> Reference:
    """What later rows will be compared with if today's challenger becomes champion."""
    train = read_rows(TRAIN)
    fitted = [*identities(train, schema), *identities(read_rows(VAL), schema)]
    return profile_rows(
        train[schema.features],
        train[schema.target],
        schema.classes,
        known=row_identities(read_rows(RAW), schema),
        fitted=fitted,
    )


def row_identities(raw: pd.DataFrame, schema: Schema) -> Sequence[str]:
    """Digests of the rows' contents, whatever group they belong to."""
    digests: list[str] = identities(raw, schema.model_copy(update={"group": None})).tolist()
    return digests


def told(drift: Drift) -> str:
    """A comparison in a few words."""
    if not drift.rows:
        return f"{drift.new_rows} new rows, too few to compare; the schema is as it was"
    warned = len(drift.at("warn"))
    return f"{drift.rows} new rows, {warned} warning{'' if warned == 1 else 's'}"


def first_few(told: Sequence[str]) -> list[str]:
    """So many as a person reads, and how many more there are."""
    more = len(told) - FEW
    return [*told[:FEW], f"{more} more"] if more > 0 else list(told)


def stop_message(drift: Drift) -> str:
    """What stops, and what to do about it."""
    found = "; ".join(first_few([one.told for one in drift.at("stop")]))
    return (
        f"drift: today's data are not what the champion was trained on ({found}), want less than"
        " the stop levels in params.yaml. Correct the source; or, if the change is meant, raise"
        " the levels in section drift, run dvc repro, and promote with make promote FORCE=1."
    )


if __name__ == "__main__":
    run_stage(main)
