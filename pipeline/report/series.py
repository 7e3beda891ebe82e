"""The series behind the figures, as tables that DVC plots too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from pipeline.comparison.result import Kind
from pipeline.tasks.classification import Floats, Labels
from pipeline.training.arrays import FloatArray

# Below this many digits two points of a curve look the same.
CURVE_DIGITS = 6


def learning_table(curves: Mapping[Kind, Sequence[tuple[FloatArray, FloatArray]]]) -> pd.DataFrame:
    """Train and val log loss over epochs: mean and spread over the seeds still training.

    curves: for each kind of network, a pair of (epoch,) train and val curves per seed.
    low, high: 10th and 90th percentile over seeds.
    """
    rows = []
    for kind, of_seeds in curves.items():
        for part, series in zip(("train", "val"), zip(*of_seeds, strict=True), strict=True):
            for epoch in range(max(map(len, series))):
                values = [curve[epoch] for curve in series if len(curve) > epoch]
                low, high = np.quantile(values, [0.1, 0.9])
                mean = float(np.mean(values))
                rows.append((kind, part, epoch + 1, mean, low, high, len(values)))
    columns = ["model", "rows", "epoch", "log_loss", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def wide(learning: pd.DataFrame) -> pd.DataFrame:
    """The means of a learning table, one column per kind of network and rows."""
    names = learning["model"] + "_" + learning["rows"]
    table = learning.assign(curve=names).pivot_table(
        index="epoch", columns="curve", values="log_loss", sort=False
    )
    return table.sort_index().reset_index().rename_axis(columns=None)


def roc_table(
    probability: Mapping[Kind, Floats], y: Labels, classes: Sequence[str]
) -> pd.DataFrame:
    """ROC points of each kind of network; of more than two classes, each against the rest.

    probability: (row, class) for each kind.
    """
    parts = []
    for kind, label, scores in _one_against_rest(probability, classes):
        false_rate, true_rate, _ = roc_curve(y == label, scores)
        parts.append(
            pd.DataFrame(
                {"model": kind, "class": classes[label], "fpr": false_rate, "tpr": true_rate}
            )
        )
    return pd.concat(parts, ignore_index=True).round(CURVE_DIGITS)


def pr_table(probability: Mapping[Kind, Floats], y: Labels, classes: Sequence[str]) -> pd.DataFrame:
    """Precision-recall points of each kind of network, as `roc_table`."""
    parts = []
    for kind, label, scores in _one_against_rest(probability, classes):
        precision, recall, _ = precision_recall_curve(y == label, scores)
        parts.append(
            pd.DataFrame(
                {"model": kind, "class": classes[label], "recall": recall, "precision": precision}
            )
        )
    return pd.concat(parts, ignore_index=True).round(CURVE_DIGITS)


def confusion_table(
    probability: Mapping[Kind, Floats], y: Labels, classes: Sequence[str]
) -> pd.DataFrame:
    """Actual and predicted class of each test row, for each kind of network."""
    names = np.array(classes)
    return pd.concat(
        [
            pd.DataFrame({"model": kind, "actual": names[y], "predicted": names[p.argmax(-1)]})
            for kind, p in probability.items()
        ],
        ignore_index=True,
    )


def prediction_table(
    probability: Mapping[Kind, Floats], y: Labels, classes: Sequence[str]
) -> pd.DataFrame:
    """Each test row's class and the probabilities that the registered networks give."""
    columns = {
        f"{kind}_probability_{name}": p[:, label]
        for kind, p in probability.items()
        for label, name in enumerate(classes)
    }
    return pd.DataFrame({"row": np.arange(len(y)), "actual": np.array(classes)[y], **columns})


def _one_against_rest(
    probability: Mapping[Kind, Floats], classes: Sequence[str]
) -> list[tuple[str, int, Floats]]:
    labels = [1] if len(classes) == 2 else range(len(classes))
    return [(kind, label, p[:, label]) for kind, p in probability.items() for label in labels]
