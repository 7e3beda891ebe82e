"""Metrics of classes under many weightings of the rows at once, as a bootstrap needs them.

p: (row, class) probabilities. rows: (resample, row) weights. Each gives (resample,) values.
"""

from __future__ import annotations

import numpy as np

from pipeline.tasks.arrays import Floats, Labels


def accuracy(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Return the weighted share of rows whose most probable class is their own."""
    return _mean((p.argmax(-1) == y).astype(float), rows)


def balanced_accuracy(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Return the mean over the classes of the weighted share of its rows that are recognized."""
    hit = (p.argmax(-1) == y).astype(float)
    recalls = [_mean(hit[y == label], rows[:, y == label]) for label in np.unique(y)]
    return np.asarray(np.mean(recalls, axis=0))


def roc_auc(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Return the area under the ROC curve; of more than two classes the macro average."""
    # Numba takes long to import too: see `classification`.
    from pipeline.tasks.curve_areas import roc_areas

    areas = [roc_areas(p[:, label], y == label, rows) for label in _ranked_classes(p)]
    return np.asarray(np.mean(areas, axis=0))


def pr_auc(p: Floats, y: Labels, rows: Floats) -> Floats:
    """Return the average precision; of more than two classes the macro average."""
    from pipeline.tasks.curve_areas import average_precisions

    areas = [average_precisions(p[:, label], y == label, rows) for label in _ranked_classes(p)]
    return np.asarray(np.mean(areas, axis=0))


def _mean(values: Floats, rows: Floats) -> Floats:
    """(resample,) weighted means of (row,) values."""
    return np.asarray(rows @ values / rows.sum(1))


def _ranked_classes(p: Floats) -> range:
    """Class 1 of two classes, else each class, which is then ranked against the rest."""
    return range(1, 2) if p.shape[-1] == 2 else range(p.shape[-1])
