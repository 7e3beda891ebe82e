"""From trained networks and test rows to the comparison."""

from __future__ import annotations

from sklearn.metrics import confusion_matrix

from pipeline.comparison.assessment import Predictions, Quality
from pipeline.comparison.circumstances import Circumstances
from pipeline.comparison.networks import Networks
from pipeline.comparison.plan import Findings
from pipeline.comparison.result import Candidate, Comparison, answer_of_test_rows, sentence
from pipeline.config.sections.compare import CompareParams
from pipeline.evaluation.answer import answer
from pipeline.evaluation.result import Evaluation
from pipeline.statistics.intervals import verdict
from pipeline.statistics.paired import compare_paired, compare_registered
from pipeline.tasks.arrays import Floats
from pipeline.tasks.known import task_of
from pipeline.tasks.metric import Targets
from pipeline.tasks.task import Task


def judge(
    findings: Findings,
    predictions: Predictions,
    quality: Quality | None,
    circumstances: Circumstances,
    compare: CompareParams,
    evaluation: Evaluation | None = None,
) -> Comparison:
    """Compare the tuned networks with the baseline on the test rows, and add what explains it.

    evaluation: what the answer is taken from. Without it, the test rows alone give the answer.
    """
    tuned, baseline = findings.networks["tuned"], findings.networks["baseline"]
    y, served, task = predictions.y, predictions.test, task_of(predictions.classes)
    paired = compare_paired(
        task.metrics,
        tuned.logits,
        baseline.logits,
        y,
        compare.resamples,
        compare.confidence,
        tuned.seeds[0],
    )
    loss = paired[task.loss.name]
    decision = verdict(loss.difference)
    test_sentence = sentence(decision, loss, len(y), compare.confidence, task)
    search = circumstances.search
    return Comparison(
        verdict=evaluation.verdict if evaluation else decision,
        sentence=answer(evaluation) if evaluation else answer_of_test_rows(decision, test_sentence),
        test_verdict=decision,
        test_sentence=test_sentence,
        evaluation=evaluation,
        data=circumstances.data,
        study=search.study,
        best_trial=search.best_trial,
        trials=search.trials,
        seeds=tuple(tuned.seeds),
        confidence=compare.confidence,
        resamples=compare.resamples,
        metrics=paired,
        tuned=_candidate(tuned, served["tuned"], y, task),
        baseline=_candidate(baseline, served["baseline"], y, task),
        registered_pair=compare_registered(served["tuned"], served["baseline"], y)
        if task.categorical
        else None,
        fitting_rows=findings.fitting_rows,
        ablation=findings.ablation,
        reference=findings.repeated_run,
        decomposition=findings.decomposition,
        curves=findings.curves,
        weights=findings.weights,
        quality=quality,
        setting=circumstances.setting,
        importance=dict(search.importance),
    )


def _candidate(networks: Networks, served: Floats, y: Targets, task: Task) -> Candidate:
    place = networks.registered
    counts = _confusion(served, y) if task.categorical else ()
    return Candidate(
        regularization=networks.regularization,
        registered_seed=networks.seeds[place],
        epochs=tuple(len(fit.val_loss) for fit in networks.fits),
        val_loss=tuple(networks.val_losses),
        test={
            **task.score(networks.fits[place].score_logits, y),
            **{name: figure(served, y) for name, figure in task.served_figures.items()},
        },
        confusion=counts,
    )


def _confusion(p: Floats, y: Targets) -> tuple[tuple[int, ...], ...]:
    """Return the number of rows by actual and predicted class."""
    counts = confusion_matrix(y, p.argmax(-1), labels=range(p.shape[-1]))
    return tuple(tuple(int(n) for n in row) for row in counts)
