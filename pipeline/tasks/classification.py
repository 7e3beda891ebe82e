"""Classification: metrics of class probabilities, and the table of them.

The metrics work on p, the probabilities (row, class); those that a bootstrap asks for also come
weighted, as (resample,) values under many weightings (resample, row) of the rows at once. Networks
put out logits, and the table says how each metric comes from these.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.calibration import calibration_error
from pipeline.tasks.metric import Metric, Resampling
from pipeline.tasks.task import Level, Peer, Task, Words

# scikit-learn, SciPy and Numba take long to import. The table below is read together with
# params.yaml, by commands that compute no metric, so the functions import what they need.
P = ParamSpec("P")
T = TypeVar("T")
# Of logistic regression, at most.
ITERATIONS = 1000


def row_log_loss(logits: npt.ArrayLike, y: Labels) -> Floats:
    """Return (…, row) minus the log probability of each row's class, natural log.

    logits: (…, row, output): one output, of class 1, for two classes, else one per class. From
    logits and not from probabilities, which round to 1 when a network is very sure.
    """
    from scipy.special import log_expit, log_softmax

    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        return np.asarray(-log_expit(np.where(y == 1, 1.0, -1.0) * z[..., 0]))
    return np.asarray(-log_softmax(z, axis=-1)[..., np.arange(len(y)), y])


def probabilities(logits: npt.ArrayLike) -> Floats:
    """Return (…, row, class) probabilities of logits (…, row, output)."""
    from scipy.special import expit, softmax

    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        return np.concatenate([expit(-z), expit(z)], axis=-1)
    return np.asarray(softmax(z, axis=-1))


def row_brier(p: Floats, y: Labels) -> Floats:
    """Return (…, row) the squared error of the probabilities.

    Two classes: of class 1 alone, in [0, 1]. More: summed over classes, in [0, 2] (Brier 1950).
    """
    hit = np.eye(p.shape[-1])[y]
    squares = (p - hit) ** 2
    return np.asarray(squares[..., 1] if p.shape[-1] == 2 else squares.sum(-1))


def row_hits(p: Floats, y: Labels) -> Floats:
    """Return (…, row) 1 where the most probable class is the row's own, else 0."""
    return np.asarray(p.argmax(-1) == y, np.float64)


def accuracy(p: Floats, y: Labels) -> float:
    """Return the share of rows whose most probable class is their own."""
    return float(row_hits(p, y).mean())


def weighted_accuracy(p: Floats, y: Labels, weights: Floats) -> Floats:
    """Return the weighted share of rows whose most probable class is their own."""
    return _weighted_mean(row_hits(p, y), weights)


def balanced_accuracy(p: Floats, y: Labels) -> float:
    """Return the mean over the classes of the share of its rows that are recognized."""
    from sklearn.metrics import balanced_accuracy_score

    return float(balanced_accuracy_score(y, p.argmax(-1)))


def weighted_balanced_accuracy(p: Floats, y: Labels, weights: Floats) -> Floats:
    """Return the mean over the classes of the weighted share of its rows that are recognized."""
    hit, labels = row_hits(p, y), np.unique(y)
    recalls = [_weighted_mean(hit[y == label], weights[:, y == label]) for label in labels]
    return np.asarray(np.mean(recalls, axis=0))


def roc_auc(p: Floats, y: Labels) -> float:
    """Return the area under the ROC curve; of more than two classes the macro average."""
    from sklearn.metrics import roc_auc_score

    if p.shape[-1] == 2:
        return float(roc_auc_score(y, p[:, 1]))
    every = np.arange(p.shape[-1])
    return float(roc_auc_score(y, p, multi_class="ovr", average="macro", labels=every))


def weighted_roc_auc(p: Floats, y: Labels, weights: Floats) -> Floats:
    """Return the weighted area under the ROC curve, as `roc_auc`."""
    from pipeline.tasks.curve_areas import roc_areas

    areas = [roc_areas(p[:, label], y == label, weights) for label in _ranked_classes(p)]
    return np.asarray(np.mean(areas, axis=0))


def pr_auc(p: Floats, y: Labels) -> float:
    """Return the average precision; of more than two classes the macro average."""
    from sklearn.metrics import average_precision_score

    if p.shape[-1] == 2:
        return float(average_precision_score(y, p[:, 1]))
    return float(average_precision_score(np.eye(p.shape[-1])[y], p, average="macro"))


def weighted_pr_auc(p: Floats, y: Labels, weights: Floats) -> Floats:
    """Return the weighted average precision, as `pr_auc`."""
    from pipeline.tasks.curve_areas import average_precisions

    areas = [average_precisions(p[:, label], y == label, weights) for label in _ranked_classes(p)]
    return np.asarray(np.mean(areas, axis=0))


def _weighted_mean(values: Floats, weights: Floats) -> Floats:
    """Return (resample,) weighted means of (row,) values."""
    return np.asarray(weights @ values / weights.sum(1))


def _ranked_classes(p: Floats) -> range:
    """Return class 1 of two classes, else each class, which is then ranked against the rest."""
    return range(1, 2) if p.shape[-1] == 2 else range(p.shape[-1])


def _from_logits(
    metric: Callable[Concatenate[Floats, P], T],
) -> Callable[Concatenate[Floats, P], T]:
    """Make a metric of probabilities one of logits."""

    def from_logits(logits: Floats, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return metric(probabilities(logits), *args, **kwargs)

    return from_logits


def log_loss_terms(logits: Floats, y: Labels) -> tuple[Floats, Floats]:
    """Return (row,) bias and variance of the log loss, from logits (network, row, output).

    After Heskes 1998 (doi:10.1162/089976698300017232): with m the normalized geometric mean of the
    networks' probabilities, the mean log loss of a row is -log m(y), its bias, plus the mean
    Kullback-Leibler divergence from m to the networks, its variance; exactly.
    """
    from scipy.special import logsumexp

    log_p = _log_probabilities(logits)
    geometric = log_p.mean(0)
    total = logsumexp(geometric, axis=-1)
    return total - geometric[np.arange(len(y)), y], -total


def mean_probability(logits: Floats) -> Floats:
    """Return logits (row, output) whose probabilities are the means of those of all networks.

    logits: (network, row, output). From logarithms, so that a mean near 0 or 1 keeps its digits.
    """
    from scipy.special import logsumexp

    log_p = _log_probabilities(logits)
    mean = logsumexp(log_p, axis=0) - np.log(len(log_p))
    one_output = np.shape(logits)[-1] == 1
    return np.asarray(mean[:, 1:] - mean[:, :1] if one_output else mean)


def _log_probabilities(logits: npt.ArrayLike) -> Floats:
    """Return (…, row, class) logarithms of the probabilities of logits (…, row, output)."""
    from scipy.special import log_expit, log_softmax

    z = np.asarray(logits, np.float64)
    if z.shape[-1] == 1:
        return np.concatenate([log_expit(-z), log_expit(z)], axis=-1)
    return np.asarray(log_softmax(z, axis=-1))


def error_terms(logits: Floats, y: Labels) -> tuple[Floats, Floats]:
    """Return the (row,) share of networks that are wrong, and whether their mode is wrong."""
    z = np.asarray(logits)
    predicted = (z[..., 0] > 0).astype(int) if z.shape[-1] == 1 else z.argmax(-1)
    votes = np.stack([(predicted == label).sum(0) for label in range(max(2, z.shape[-1]))])
    return (predicted != y).mean(0), (votes.argmax(0) != y).astype(float)


def _class_shares(seed: int) -> object:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _logistic(seed: int) -> object:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=ITERATIONS)


def _boosting(seed: int) -> object:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=seed)


LOG_LOSS = Metric(
    name="log_loss",
    title="Log loss",
    more_is_better=False,
    bounds=(0.0, inf),
    value=lambda logits, y: float(row_log_loss(logits, y).mean()),
    row_values=row_log_loss,
    headline=True,
)
ACCURACY = Metric(
    name="accuracy",
    title="Accuracy",
    more_is_better=True,
    bounds=(0.0, 1.0),
    value=_from_logits(accuracy),
    row_values=_from_logits(row_hits),
    resampling=Resampling(_from_logits(weighted_accuracy), score_interval="share"),
    headline=True,
)
BALANCED_ACCURACY = Metric(
    name="balanced_accuracy",
    title="Balanced accuracy",
    more_is_better=True,
    bounds=(0.0, 1.0),
    value=_from_logits(balanced_accuracy),
    resampling=Resampling(
        _from_logits(weighted_balanced_accuracy), within_classes=True, score_interval="mean recall"
    ),
    headline=True,
)
ROC_AUC = Metric(
    name="roc_auc",
    title="ROC AUC",
    more_is_better=True,
    bounds=(0.0, 1.0),
    value=_from_logits(roc_auc),
    resampling=Resampling(
        _from_logits(weighted_roc_auc), within_classes=True, score_interval="ROC area"
    ),
    headline=True,
)
PR_AUC = Metric(
    name="pr_auc",
    title="PR AUC",
    more_is_better=True,
    bounds=(0.0, 1.0),
    value=_from_logits(pr_auc),
    resampling=Resampling(_from_logits(weighted_pr_auc), within_classes=True),
    headline=True,
)
BRIER = Metric(
    name="brier",
    title="Brier score",
    more_is_better=False,
    bounds=(0.0, 2.0),
    value=_from_logits(lambda p, y: float(row_brier(p, y).mean())),
    row_values=_from_logits(row_brier),
)
CLASSIFICATION = Task(
    name="classification",
    metrics=(LOG_LOSS, ACCURACY, BALANCED_ACCURACY, ROC_AUC, PR_AUC, BRIER),
    loss=LOG_LOSS,
    second_loss=BRIER,
    gate_metric=LOG_LOSS,
    levels=(
        Level("accuracy", "Accuracy", _from_logits(accuracy)),
        Level("roc_auc", "ROC AUC", _from_logits(roc_auc)),
        Level("calibration_error", "Calibration error", _from_logits(calibration_error)),
    ),
    terms=log_loss_terms,
    ensemble=mean_probability,
    error_terms=error_terms,
    served_figures={"calibration_error": calibration_error},
    peers=(
        Peer("majority", "Class shares alone", _class_shares),
        Peer("linear", "Logistic regression", _logistic),
        Peer("boosting", "Gradient boosting (HistGradientBoosting)", _boosting),
    ),
    words=Words(
        loss_means="Log loss says how wrong the stated probabilities are: 0 is perfect, lower is"
        " better.",
        loss_at_length="Log loss is the mean of minus the logarithm of the probability that a"
        " network gave to a row's own class: 0 is perfect, and being sure of the wrong class costs"
        " most.",
        second_judge="the Brier score (mean squared error of the probabilities), in which no single"
        " row weighs much,",
        decomposition="The log loss is decomposed into the loss of the average network (bias; noise"
        " of the labels is in it) and the divergence of single networks from it (variance), after"
        " Heskes (1998); their sum is the log loss. Errors are decomposed after Domingos (2000).",
        blunders="confident blunders",
        same_outputs="the same probabilities",
        stratum="class",
        long_tail="Rare rows with a large loss make the log loss long-tailed: on 85 rows with one"
        " positive in 21, a 95 % interval covered as little as 93 % in simulation"
        " (docs/regularization.md).",
    ),
    categorical=True,
)
