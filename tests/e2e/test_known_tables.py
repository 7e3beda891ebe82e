"""Each known table, from its source to a network that does better than guessing.

Files that no package ships are looked for where `make bench PARTS=tables` looks, or beside this
checkout, and passed over where there are none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.params import parse_params
from pipeline.config.sections.regularization import Regularization
from pipeline.data import roles
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.prepare import prepare_final
from pipeline.data.schema import FOLD_COLUMN
from pipeline.data.sources.dispatch import load_table
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Member
from pipeline.training.stack import train_stack
from tests.conftest import NOT_INSTALLABLE, ROOT

pytestmark = pytest.mark.long
FOLDER = Path(os.environ.get("TABLES", ROOT.parent / "shared/data"))
EPOCHS, SEEDS = 40, 3
TABLES: dict[str, dict[str, Any]] = {
    "breast_cancer": {"data": {"source": "breast_cancer"}},
    "digits": {"data": {"source": "digits"}},
    "wine": {"data": {"source": "wine"}},
    "iris": {"data": {"source": "iris"}},
    "labor.csv": {
        "data": {"target": "class"},
        "split": {"train": 0.6, "val": 0.15, "test": 0.25, "folds": 3},
    },
    "telco_churn.csv": {"data": {"target": "churn"}, "split": {"rows": 2000}},
    "satimage.csv": {"data": {"target": "label"}, "split": {"rows": 2000}},
    "mnist.npz": {
        "data": {"source": "mnist", "scale": "image"},
        "split": {"role": "role", "rows": 2000},
    },
}


@pytest.mark.parametrize("name", TABLES)
def test_network_does_better_than_guessing(
    name: str, raw_params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for section, changes in TABLES[name].items():
        raw_params[section] |= changes
    if "." in name:
        if not (FOLDER / name).is_file():
            pytest.skip(f"{NOT_INSTALLABLE}{name}; name its folder in TABLES")
        raw_params["data"]["watch"] = str(FOLDER)
        if name.endswith(".csv"):
            raw_params["data"]["source"] = str(FOLDER / name)
        # As Keras caches it.
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        (tmp_path / "datasets").symlink_to(FOLDER)
    params = parse_params(raw_params)
    table = load_table(params.data, params.split)
    schema = describe(table, None)
    check_table(table, schema, None)
    identity = roles.identities(table.frame, schema)
    role = (
        roles.assign_roles(identity, params.split)
        if schema.role is None
        else roles.given_roles(table.frame[schema.role], identity, params.split)
    )
    chosen = roles.chosen_rows(role, identity, params.split)
    train, val, test = (table.frame[chosen & (role == one)] for one in roles.ROLES)
    labels = train[schema.target].to_numpy(str)
    fold_of = roles.assign_folds(labels, identity[chosen & (role == "train")], params.split)

    fold, _ = prepare_final(
        train.assign(**{FOLD_COLUMN: fold_of}), val, test, schema, params.data.scale
    )
    architecture = Architecture.of(params.network, fold.x.shape[1], len(schema.classes))
    light = Regularization(dropout=0.3, l1=0.0, l2=0.001, patience=10)
    members = [Member(fold, light, seed) for seed in range(SEEDS)]
    fits = train_stack(
        members, architecture, params.train.model_copy(update={"max_epochs": EPOCHS})
    )

    y = fold.y[fold.score]
    shares = np.bincount(fold.y[fold.fit]) / len(fold.fit)
    scores = [CLASSIFICATION.score(fit.score_logits, y) for fit in fits]
    # With a margin, as what is hardly better than guessing is no result.
    guessing = -np.log(shares[y]).mean()
    assert np.mean([one["log_loss"] for one in scores]) < 0.9 * guessing
    balanced = np.mean([one["balanced_accuracy"] for one in scores])
    assert balanced > 1 / len(schema.classes) + 0.1
