"""Other models on the same folds, which say whether the network is worth having at all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipeline.data.prepare import Fold
from pipeline.tasks.arrays import Floats

ITERATIONS = 1000
# By name, for people.
PEERS: Mapping[str, str] = {
    "majority": "Class shares alone",
    "linear": "Logistic regression",
    "boosting": "Gradient boosting (HistGradientBoosting)",
}


def peer_logits(fold: Fold, classes: int, seed: int) -> dict[str, Floats]:
    """Return each peer's (score row, output) logits; fitted on the rows that fit and that stop.

    Peers do not stop on rows of their own, so they may learn from these too.
    """
    rows = np.concatenate([fold.fit, fold.stop])
    models = {
        "majority": DummyClassifier(strategy="prior"),
        "linear": LogisticRegression(max_iter=ITERATIONS),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
    }
    logits = {}
    # On one thread, so that the order of sums does not depend on the machine's cores.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, model in models.items():
            model.fit(fold.x[rows], fold.y[rows])
            p = np.asarray(model.predict_proba(fold.x[fold.score]), np.float64)
            logits[name] = _logits(p, model.classes_, classes)
    return logits


def _logits(p: Floats, known: Floats, classes: int) -> Floats:
    """Return logits as networks have them, of probabilities (row, known class).

    No probability is taken to be exactly 0: the loss of a row would have no bound.
    """
    every = np.zeros((len(p), classes))
    every[:, known.astype(int)] = p
    log_p = np.log(np.maximum(every, np.finfo(float).eps))
    return log_p[:, 1:] - log_p[:, :1] if classes == 2 else log_p
