"""The score interval of each metric that has one, for the mean of the metric over networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.statistics import proportions
from pipeline.statistics.intervals import Interval
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import probabilities
from pipeline.tasks.metric import ScoreInterval


def _share(estimate: float, logits: Floats, y: Labels, confidence: float) -> Interval:
    return proportions.wilson(estimate, len(y), confidence)


def _roc_area(estimate: float, logits: Floats, y: Labels, confidence: float) -> Interval:
    return proportions.macro_area(estimate, y, max(2, logits.shape[-1]), confidence)


def _mean_recall(estimate: float, logits: Floats, y: Labels, confidence: float) -> Interval:
    from sklearn.metrics import recall_score  # only here: it takes most of a second to import

    labels, rows = np.unique(y, return_counts=True)
    recalls = [
        recall_score(y, p.argmax(-1), labels=labels, average=None) for p in probabilities(logits)
    ]
    return proportions.mean_recall(np.mean(recalls, axis=0).tolist(), rows.tolist(), confidence)


# From the mean of the metric over networks and their logits (seed, row, output).
SCORE_INTERVALS: Mapping[ScoreInterval, Callable[[float, Floats, Labels, float], Interval]] = {
    "share": _share,
    "mean recall": _mean_recall,
    "ROC area": _roc_area,
}
