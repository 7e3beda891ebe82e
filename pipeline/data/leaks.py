"""Find columns that separate the classes on their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from pipeline.data.findings import Finding
from pipeline.data.schema import Schema
from pipeline.data.table import Table

ACCURACY = 0.99
# Below, chance may find a column that separates the classes.
FEWEST_ROWS = 50
SAMPLE_ROWS = 5000
# A tree may have this many more leaves than there are classes.
SPARE_LEAVES = 1
# A column whose levels mostly occur once proves nothing.
REPEATED_SHARE = 0.5


def leaks(table: Table, schema: Schema) -> Iterator[Finding]:
    """Yield a finding for each column that separates the classes on its own."""
    if len(table.frame) < FEWEST_ROWS:
        return
    sample = table.frame.sample(min(len(table.frame), SAMPLE_ROWS), random_state=0)
    labels = sample[table.target].to_numpy()
    leaves = len(table.classes) + SPARE_LEAVES
    for column in schema.columns:
        if column.ignored:
            continue
        values = sample[column.name]
        if column.kind == "category":
            # Levels by their most frequent class, those seen once left out: they prove nothing.
            level = values.astype("str").fillna("")
            usual = pd.crosstab(level, labels)
            known = level.map(usual.sum(axis=1)) > 1
            if known.mean() < REPEATED_SHARE:
                continue
            guess = level[known].map(usual.idxmax(axis=1)).to_numpy()
            accuracy = _balanced(labels[known.to_numpy()], guess)
        else:
            x = values.astype("float64" if column.kind != "date" else "int64").to_numpy()[:, None]
            tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(x, labels)
            accuracy = _balanced(labels, tree.predict(x))
        if accuracy >= ACCURACY:
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
