"""Other models on the same folds, which say whether the network is worth having at all."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pipeline.data.prepare import Fold
from pipeline.tasks.arrays import Floats
from pipeline.tasks.known import task_of


def peer_outputs(fold: Fold, classes: int, seed: int) -> dict[str, Floats]:
    """Return each peer's outputs (score row, output) as networks have them.

    Peers are fitted on the rows that fit and that stop: they do not stop on rows of their own, so
    they may learn from these too.
    """
    rows = np.concatenate([fold.fit, fold.stop])
    outputs = {}
    # On one thread, so that the order of sums does not depend on the machine's cores.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        for peer in task_of(classes).peers:
            model, y = peer.make(seed), fold.y if peer.transformed else fold.actual
            model.fit(fold.x[rows], y[rows])
            x = fold.x[fold.score]
            if classes:
                outputs[peer.name] = _logits(model, x, classes)
                continue
            predicted = np.asarray(model.predict(x), np.float64)[:, None]
            outputs[peer.name] = fold.in_units(predicted) if peer.transformed else predicted
    return outputs


def _logits(model: Any, x: npt.NDArray[np.float32], classes: int) -> Floats:
    """Return the logits (row, output) of a classifier.

    No probability is taken to be exactly 0: the loss of a row would have no bound.
    """
    p = np.asarray(model.predict_proba(x), np.float64)
    every = np.zeros((len(p), classes))
    every[:, model.classes_.astype(int)] = p
    log_p = np.log(np.maximum(every, np.finfo(float).eps))
    return log_p[:, 1:] - log_p[:, :1] if classes == 2 else log_p
