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
from pipeline.data.schema import FOLD_COLUMN
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
    labels = frame[schema.target].astype(str)

    def per_class(rows: pd.Series) -> dict[str, int]:
        return {label: int((rows == label).sum()) for label in schema.classes}

    counts = {name: per_class(labels[role == name]) for name in ROLES}
    check_roles(counts, split)

    in_train = role == "train"
    fold = assign_folds(labels[in_train].to_numpy(str), identity[in_train], split)
    folds = [per_class(labels[in_train][fold == k]) for k in range(split.folds)]
    check_folds(folds, schema)
    write_rows(TRAIN, frame[in_train].assign(**{FOLD_COLUMN: fold}))
    write_rows(VAL, frame[role == "val"])
    write_rows(TEST, frame[role == "test"])
    write_json(
        SPLIT,
        {
            "seed": split.seed,
            "roles": {
                name: {"rows": sum(counts[name].values()), "classes": counts[name]}
                for name in ROLES
            },
            "folds": [{"fold": k, "classes": in_fold} for k, in_fold in enumerate(folds)],
        },
    )
    logger.info(", ".join(f"{name}: {sum(counts[name].values())} rows" for name in ROLES))


if __name__ == "__main__":
    run_stage(main)
