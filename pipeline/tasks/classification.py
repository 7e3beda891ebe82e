"""Metrics of probabilistic predictions, from logits or probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn import metrics as sk

from pipeline.tasks.arrays import Floats, Labels

CALIBRATION_BINS = 10
# For people: what a metric is called, and whether more of it is better.
METRIC_TITLES = {
    "log_loss": ("Log loss", False),
    "accuracy": ("Accuracy", True),
    "balanced_accuracy": ("Balanced accuracy", True),
    "roc_auc": ("ROC AUC", True),
    "pr_auc": ("PR AUC", True),
    "brier": ("Brier score", False),
}


def row_log_loss(logits: npt.ArrayLike, y: Labels) -> Floats:
    """(…, row) minus the log probability of each row's class, natural log, in double precision.

    logits: (…, row, output): one output, of class 1, for two classes, else one per class. From
    logits and not from probabilities, which round to 1 when a network is very sure.
    """
    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        return np.asarray(-log_expit(np.where(y == 1, 1.0, -1.0) * z[..., 0]))
    return np.asarray(-log_softmax(z, axis=-1)[..., np.arange(len(y)), y])


def probabilities(logits: npt.ArrayLike) -> Floats:
    """(…, row, class) probabilities of logits (…, row, output)."""
    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        return np.concatenate([expit(-z), expit(z)], axis=-1)
    return np.asarray(softmax(z, axis=-1))


def row_brier(p: Floats, y: Labels) -> Floats:
    """(…, row) squared error of the probabilities.

    Two classes: of class 1 alone, in [0, 1]. More: summed over classes, in [0, 2] (Brier 1950).
    """
    hit = np.eye(p.shape[-1])[y]
    squares = (p - hit) ** 2
    return np.asarray(squares[..., 1] if p.shape[-1] == 2 else squares.sum(-1))


def roc_auc(p: Floats, y: Labels) -> float:
    """Area under the ROC curve; more than two classes: one against the rest, macro average."""
    if p.shape[-1] == 2:
        return float(sk.roc_auc_score(y, p[:, 1]))
    every = np.arange(p.shape[-1])
    return float(sk.roc_auc_score(y, p, multi_class="ovr", average="macro", labels=every))


def pr_auc(p: Floats, y: Labels) -> float:
    """Average precision; more than two classes: one against the rest, macro average."""
    if p.shape[-1] == 2:
        return float(sk.average_precision_score(y, p[:, 1]))
    return float(sk.average_precision_score(np.eye(p.shape[-1])[y], p, average="macro"))


def balanced_accuracy(p: Floats, y: Labels) -> float:
    """Mean over the classes of the share of its rows that are recognized."""
    return float(sk.balanced_accuracy_score(y, p.argmax(-1)))


def accuracy(p: Floats, y: Labels) -> float:
    """Share of rows whose most probable class is their own."""
    return float((p.argmax(-1) == y).mean())


def calibration_error(p: Floats, y: Labels) -> float:
    """Expected calibration error: how far the surest class's probability is from its hit rate.

    Over `CALIBRATION_BINS` bins of equally many rows, weighted by rows (Guo et al. 2017, with the
    bins of Nixon et al. 2019). Biased upwards on few rows, for every network alike.
    """
    sure, hit = p.max(-1), (p.argmax(-1) == y).astype(float)
    order = np.argsort(sure, kind="stable")
    bins = np.array_split(order, min(CALIBRATION_BINS, len(y)))
    return float(sum(abs(sure[rows].sum() - hit[rows].sum()) for rows in bins) / len(y))


def score(logits: npt.ArrayLike, y: Labels) -> dict[str, float]:
    """Every metric of one network on one set of rows; logits: (row, output)."""
    p = probabilities(logits)
    return {
        "log_loss": float(row_log_loss(logits, y).mean()),
        "accuracy": accuracy(p, y),
        "balanced_accuracy": balanced_accuracy(p, y),
        "roc_auc": roc_auc(p, y),
        "pr_auc": pr_auc(p, y),
        "brier": float(row_brier(p, y).mean()),
    }
