"""An evaluation with figures of one's choice, for tests of what is said about it."""

from __future__ import annotations

from pipeline.config.sections.regularization import OFF
from pipeline.evaluation.result import (
    Arm,
    ArmDifference,
    Evaluation,
    OuterFoldRecord,
    PartOfMix,
    Peer,
)
from pipeline.statistics.nested import ProcedureDifference
from pipeline.statistics.verdicts import (
    ProcedureVerdict,
    RowEffects,
    procedure_verdict,
    rows_to_tell,
)

ROPE, ROWS, BASELINE = 0.01, 400, 0.2
# Changes in log loss by arm; the tuned mix's is given.
LONE = {
    "dropout": ("Dropout", -0.06),
    "l1": ("L1", -0.01),
    "elastic_net": ("Elastic net (half L1, half L2)", -0.02),
    "batch_norm": ("Batch normalization", 0.3),
    "tuned_without_dropout": ("Tuned mix without dropout", 0.0),
}


def difference(estimate: float, reach: float) -> ProcedureDifference:
    return ProcedureDifference(
        estimate,
        estimate - reach,
        estimate + reach,
        p_value=0.04,
        helps_probability=0.98 if estimate < 0 else 0.02,
        standard_error=reach / 2,
        confidence=0.95,
    )


def compared(
    estimate: float, reach: float, tail: float = 0.75, median: float = 0.004
) -> ArmDifference:
    change = difference(estimate, reach)
    return ArmDifference(
        loss=change,
        second_loss=difference(estimate / 20, reach / 10),
        recalibrated=difference(estimate / 5, reach / 10),
        verdict=procedure_verdict(change, ROPE),
        rows_to_tell=rows_to_tell(change, ROWS, ROPE),
        rows=RowEffects(tail_share=tail, better_off=0.08, median=median),
    )


def arm(name: str, title: str, comparison: ArmDifference | None) -> Arm:
    change = comparison.loss.estimate if comparison else 0.0
    return Arm(
        name=name,
        title=title,
        loss=BASELINE + change,
        second_loss=0.03 + change / 20,
        recalibrated=0.13 + change / 5,
        temperature=2.0,
        epochs=40.0,
        difference=comparison,
    )


def evaluation(estimate: float, reach: float = 0.03, available: int = ROWS) -> Evaluation:
    """Make an evaluation whose tuned mix changes log loss by the estimate, give or take reach."""
    tuned = compared(estimate, reach)
    verdict: ProcedureVerdict = tuned.verdict
    lone = [arm(name, title, compared(change, 0.02)) for name, (title, change) in LONE.items()]
    fold = {"rows": 80, "baseline": BASELINE, "tuned": BASELINE + estimate, "regularization": OFF}
    return Evaluation(
        verdict=verdict,
        dataset="toy",
        confidence=0.95,
        rope=ROPE,
        resamples=300,
        rows=ROWS,
        available=available,
        training_rows=320,
        outer_folds=5,
        inner_folds=2,
        trials=7,
        networks=2,
        repeats=(estimate,),
        arms=(arm("baseline", "Baseline", None), arm("tuned", "Tuned mix", tuned), *lone),
        parts=(
            PartOfMix(
                name="dropout",
                title="Dropout",
                difference=difference(-0.05, 0.02),
                verdict="helps",
            ),
        ),
        peers=(
            Peer(
                name="linear",
                title="Logistic regression",
                loss=0.15,
                second_loss=0.04,
                difference=difference(-0.03, 0.05),
                verdict="cannot tell yet",
            ),
        ),
        folds=tuple(
            OuterFoldRecord(
                repeat=0,
                fold=number,
                alone={},
                searched_baseline=0.2,
                searched_best=0.1,
                **fold,  # type: ignore[arg-type]
            )
            for number in range(5)
        ),
        member_epochs=1000,
        member_steps=9000,
    )
