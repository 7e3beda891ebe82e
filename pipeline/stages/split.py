"""Stage `split`: give each row its role, and each training row its fold."""

from __future__ import annotations

import pandas as pd

from pipeline.config.params import load_params
from pipeline.data.description import read_schema
from pipeline.data.roles import (
    ROLES,
    assign_folds,
    assign_roles,
    check_folds,
    check_roles,
    chosen_rows,
    given_roles,
    identities,
)
from pipeline.data.schema import FOLD_COLUMN, Schema
from pipeline.data.target import strata
from pipeline.project.outputs import RAW, SPLIT, TEST, TRAIN, VAL, read_rows, write_json, write_rows
from pipeline.project.run_stage import logger, run_stage


def main() -> None:
    split = load_params().split
    frame, schema = read_rows(RAW), read_schema()
    identity = identities(frame, schema)
    role = (
        assign_roles(identity, split)
        if schema.role is None
        else given_roles(frame[schema.role], identity, split)
    )
    chosen = chosen_rows(role, identity, split)
    frame, identity, role = frame[chosen], identity[chosen], role[chosen]

    counts = {name: per_class(frame[role == name], schema) for name in ROLES}
    check_roles(counts, split)

    in_train = role == "train"
    train = frame[in_train]
    fold = assign_folds(strata(train, schema), identity[in_train], split)
    folds = [per_class(train[fold == k], schema) for k in range(split.folds)]
    check_folds(folds, schema)
    write_rows(TRAIN, train.assign(**{FOLD_COLUMN: fold}))
    write_rows(VAL, frame[role == "val"])
    write_rows(TEST, frame[role == "test"])
    write_json(
        SPLIT,
        {
            "seed": split.seed,
            "roles": {
                name: {"rows": sum(counts[name].values()), **described(counts[name], schema)}
                for name in ROLES
            },
            "folds": [{"fold": k, **described(rows, schema)} for k, rows in enumerate(folds)],
        },
    )
    logger.info(", ".join(f"{name}: {sum(counts[name].values())} rows" for name in ROLES))


def per_class(rows: pd.DataFrame, schema: Schema) -> dict[str, int]:
    """Return the number of rows of each class, of all rows if a number is predicted."""
    if not schema.classes:
        return {"": len(rows)}
    labels = rows[schema.target].astype(str)
    return {label: int((labels == label).sum()) for label in schema.classes}


def described(counts: dict[str, int], schema: Schema) -> dict[str, object]:
    """Return how `data/split.json` describes these rows beside their number."""
    return {"classes": counts} if schema.classes else {"rows": sum(counts.values())}


if __name__ == "__main__":
    run_stage(main)
