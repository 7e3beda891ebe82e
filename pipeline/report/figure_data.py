"""The tables that the figures are drawn from; DVC plots them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from pipeline.comparison.assessment import Predictions
from pipeline.comparison.kinds import Kind
from pipeline.comparison.networks import Networks
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.known import task_of
from pipeline.tasks.task import TaskName
from pipeline.training.arrays import FloatArray

# Below this many digits two points of a curve look the same.
CURVE_DIGITS = 6


def chart_tables(
    networks: Mapping[Kind, Networks], predictions: Predictions
) -> dict[str, pd.DataFrame]:
    """Return what the charts are drawn from besides the comparison.

    It is `learning`, and the tables of the task's own figures.
    """
    learning = {
        kind: [(fit.loss, fit.val_loss) for fit in trained.fits]
        for kind, trained in networks.items()
    }
    own = OWN_TABLES[task_of(predictions.classes).name](predictions)
    return {"learning": learning_table(learning), **own}


def learning_table(curves: Mapping[Kind, Sequence[tuple[FloatArray, FloatArray]]]) -> pd.DataFrame:
    """Return train and val loss over epochs, mean and spread over the seeds still training.

    curves: for each kind of network, a pair of (epoch,) train and val curves per seed.
    low, high: 10th and 90th percentile over seeds.
    """
    rows = []
    for kind, pairs in curves.items():
        for role, seeds in zip(("train", "val"), zip(*pairs, strict=True), strict=True):
            for epoch in range(max(map(len, seeds))):
                values = [curve[epoch] for curve in seeds if len(curve) > epoch]
                low, high = np.quantile(values, [0.1, 0.9])
                mean = float(np.mean(values))
                rows.append((kind, role, epoch + 1, mean, low, high, len(values)))
    columns = ["model", "rows", "epoch", "loss", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def means_by_curve(learning: pd.DataFrame) -> pd.DataFrame:
    """Return the means of a learning table, a column per kind of network and role of rows."""
    names = learning["model"] + "_" + learning["rows"]
    table = learning.assign(curve=names).pivot_table(
        index="epoch", columns="curve", values="loss", sort=False
    )
    return table.sort_index().reset_index().rename_axis(columns=None)


def roc_table(
    probability: Mapping[Kind, Floats], y: Labels, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the ROC points of each kind of network.

    Of three classes or more, each is set against the rest. probability: (row, class) for each kind.
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
    """Return the precision-recall points of each kind of network, as `roc_table` does."""
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
    """Return the actual and the predicted class of each test row, for each kind of network."""
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
    """Return each test row's class and the probabilities that the registered networks give it."""
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


def predicted_table(predictions: Predictions) -> pd.DataFrame:
    """Return the actual and the predicted number of each test row, for each kind of network."""
    return pd.concat(
        [
            pd.DataFrame({"model": kind, "actual": predictions.y, "predicted": outputs[:, 0]})
            for kind, outputs in predictions.test.items()
        ],
        ignore_index=True,
    )


def number_table(predictions: Predictions) -> pd.DataFrame:
    """Return each test row's number, what both networks predict, and the tuned one's interval."""
    predicted = {f"{kind}_prediction": p[:, 0] for kind, p in predictions.test.items()}
    ends = {"tuned_low": predictions.low, "tuned_high": predictions.high}
    rows = np.arange(len(predictions.y))
    return pd.DataFrame({"row": rows, "actual": predictions.y, **predicted, **ends})


def _class_tables(predictions: Predictions) -> dict[str, pd.DataFrame]:
    given = (predictions.test, predictions.y, predictions.classes)
    return {
        "roc": roc_table(*given),
        "pr": pr_table(*given),
        "confusion": confusion_table(*given),
    }


# Columns of the tables of all tasks that `dvc.yaml` plots.
PLOTTED: Mapping[str, Sequence[str]] = {
    "roc": ("class", "fpr", "tpr"),
    "pr": ("class", "recall", "precision"),
    "confusion": ("actual", "predicted"),
    "predicted": ("actual", "predicted"),
}
# By task: the tables of its own figures, and the table of all predictions.
OWN_TABLES: Mapping[TaskName, Callable[[Predictions], dict[str, pd.DataFrame]]] = {
    "classification": _class_tables,
    "regression": lambda predictions: {"predicted": predicted_table(predictions)},
}
PREDICTION_TABLES: Mapping[TaskName, Callable[[Predictions], pd.DataFrame]] = {
    "classification": lambda given: prediction_table(given.test, given.y, given.classes),
    "regression": number_table,
}
