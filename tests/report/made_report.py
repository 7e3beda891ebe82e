"""Comparisons with figures of one's choice, for tests of what a report says about them."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.kinds import Kind
from pipeline.comparison.result import Candidate, Comparison, Data
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import Evaluation
from pipeline.report.figure_data import learning_table, pr_table, roc_table
from pipeline.statistics.intervals import Difference, Interval, Verdict, verdict
from pipeline.statistics.paired import McNemar, PairedMetric
from pipeline.tasks.arrays import Floats


def comparison(made: Evaluation | None, test_change: float, reach: float = 0.05) -> Comparison:
    change = Difference(
        test_change, test_change - reach, test_change + reach, p_value=0.2, detectable=0.1
    )
    paired = PairedMetric(
        tuned=Interval(0.2 + test_change, 0.1, 0.3),
        baseline=Interval(0.2, 0.1, 0.3),
        difference=change,
        detectable=0.1,
        measurable=True,
    )
    test: Verdict = verdict(change)
    tuned = Regularization(dropout=0.4, l1=0.0, l2=1e-4, patience=7)

    def candidate(values: Regularization) -> Candidate:
        return Candidate(
            regularization=values,
            registered_seed=1,
            epochs=(9,),
            val_loss=(0.3,),
            test={"accuracy": 0.9, "roc_auc": 0.9, "pr_auc": 0.9},
            confusion=((40, 1), (2, 43)),
        )

    return Comparison(
        verdict=made.verdict if made else test,
        sentence=answer(made) if made else "Yes, by the test rows alone. So and so.",
        test_verdict=test,
        test_sentence="So and so.",
        evaluation=made,
        data=Data(
            name="toy",
            description="A toy table",
            classes=("no", "yes"),
            positive="yes",
            columns=3,
            rows={"train": 320, "val": 80, "test": 86},
        ),
        study="toy-abc",
        best_trial=4,
        trials=16,
        seeds=(1,),
        confidence=0.95,
        resamples=300,
        metrics={"log_loss": paired},
        tuned=candidate(tuned),
        baseline=candidate(OFF),
        registered_pair=McNemar(only_tuned_right=1, only_baseline_right=2, p_value=0.5),
    )


CASES = {
    "helps": (-0.08, 0.03),
    "hurts": (0.08, 0.03),
    "alike": (-0.0004, 0.002),
    "open": (-0.02, 0.03),
}
P = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])
BOTH: dict[Kind, Floats] = {"tuned": P, "baseline": P}
CURVE = (np.array([0.7, 0.3]), np.array([0.8, 0.4]))
TABLES = {
    "learning": learning_table({"tuned": [CURVE], "baseline": [CURVE]}),
    "roc": roc_table(BOTH, np.array([0, 1, 1]), ("no", "yes")),
    "pr": pr_table(BOTH, np.array([0, 1, 1]), ("no", "yes")),
}
