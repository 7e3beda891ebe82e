"""All experiments of a comparison: planned together, so that no network is trained twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.comparison.ablation import Ablation, Trained, ablate
from pipeline.comparison.decomposition import Decomposition, bootstrap_jobs, decompose
from pipeline.comparison.jobs import Clock, Job, train_jobs
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.comparison.material import Material, thinned
from pipeline.comparison.networks import Networks
from pipeline.comparison.published import RepeatedRun, published_run_jobs, summarize_repetitions
from pipeline.comparison.served_interval import ServedNumber, residual_jobs, served_numbers
from pipeline.comparison.validation_curves import (
    ValidationCurve,
    curve_jobs,
    curve_values,
    validation_curves,
)
from pipeline.comparison.weights import SHOWN, SHOWN_SEEDS, WeightSizes, weight_sizes
from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold
from pipeline.evaluation.variants import Variant, ablation_variants, acting_techniques
from pipeline.tasks.known import task_of
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer
from pipeline.training.forward import forward

# Training rows on which the gap to the test rows is measured, at most.
GAP_ROWS = 2000
# The experiments as the timings name them.
CURVES, SETS, PUBLISHED = "validation curves", "bootstrap sets", "reference experiment"
RESIDUALS = "out-of-fold residuals"


@dataclass(frozen=True, eq=False)
class Findings:
    """Holds what the experiments gave; parts that are switched off are None or empty.

    fitting_rows: number of training rows that fitted the networks of the ablation and of the
    bootstrap sets. served: how each kind serves a number; None for classes.
    """

    networks: Mapping[Kind, Networks]
    architecture: Architecture
    fitting_rows: int
    curves: tuple[ValidationCurve, ...] = ()
    variants: Sequence[tuple[Variant, Sequence[Fit]]] = ()
    ablation: Ablation | None = None
    weights: tuple[WeightSizes, ...] = ()
    decomposition: Decomposition | None = None
    repeated_run: RepeatedRun | None = None
    served: Mapping[Kind, ServedNumber] | None = None


def conduct(
    kinds: Mapping[Kind, Regularization],
    material: Material,
    params: Params,
    trainer: Trainer,
    clock: Clock,
    evaluated: bool = False,
) -> Findings:
    """Train every network of the comparison and summarize each experiment.

    `InputError` if a network has no finite loss. clock: times a part by name. evaluated: whether an
    evaluation says what each technique does. Then there is no ablation on the test rows, and only
    the variants whose weights are shown are trained, from a few seeds.
    """
    compare, train, seed = params.compare, params.train, params.seed
    fold, few = material.fold, thinned(material.fold, compare.rows, seed)
    seeds = range(seed, seed + compare.seeds)
    architecture = Architecture.of(params.network, fold.x.shape[1], material.classes)
    curves = _trained_curves(material, architecture, params, trainer, clock)

    def over_seeds(variant: Variant, rows: Fold, seeds: range = seeds) -> list[Job]:
        shape, regularization = _shape(architecture, variant), variant.regularization
        return [
            Job(Member(rows, regularization, number), shape, train, f"{variant.title!r}")
            for number in seeds
        ]

    whole = {kind: Variant(kind, f"the {kind} network", kinds[kind]) for kind in KINDS}
    experiments = {variant.title: over_seeds(variant, fold) for variant in whole.values()}
    variants: list[Variant] = []
    if compare.ablation:
        alone = _strengths(curves, kinds["tuned"], params)
        space, needed = params.search.space, seeds
        variants = ablation_variants(kinds["tuned"], alone, params.network, space)
        if evaluated:
            variants = [variant for variant in variants if variant.name in SHOWN]
            needed = seeds[:SHOWN_SEEDS]
        experiments |= {variant.title: over_seeds(variant, few, needed) for variant in variants}
    if compare.bootstrap_sets:
        experiments |= {f"{SETS}: seeds, {kind}": over_seeds(whole[kind], few) for kind in KINDS}
        experiments[SETS] = bootstrap_jobs(
            kinds, few, architecture, train, compare.bootstrap_sets, seed
        )
    if material.published and material.all_rows:
        experiments[PUBLISHED] = published_run_jobs(
            material.published, material.all_rows, material.classes, train, compare, seed
        )
    target = fold.target
    if target:
        shape = replace(architecture, features=material.cv[0].x.shape[1])
        experiments[RESIDUALS] = residual_jobs(kinds, material.cv, shape, train, seed)
    fits = train_jobs(experiments, trainer, clock)

    findings = Findings(
        networks={kind: Networks(kinds[kind], seeds, fits[whole[kind].title]) for kind in KINDS},
        architecture=architecture,
        fitting_rows=len(few.fit),
        curves=curves,
        variants=[(variant, fits[variant.title]) for variant in variants],
        served=served_numbers(fits[RESIDUALS], material.cv, target, compare.coverage)
        if target
        else None,
    )
    with clock("statistics: ablation, bias and variance, reference"):
        if variants:
            findings = _with_variants(findings, material, few, params, ablation=not evaluated)
        return _explained(findings, material, experiments, fits, params)


def most_fits(material: Material, params: Params) -> int:
    """Return how many networks a comparison trains at most, without the published run."""
    compare = params.compare
    techniques = len(acting_techniques(params.network, params.search.space))
    curves = (1 + techniques * compare.curve_points) * len(material.cv)
    variants = (3 + 2 * techniques) * compare.seeds if compare.ablation else 0
    sets = 2 * compare.bootstrap_sets
    residuals = 2 * len(material.cv) if material.fold.target else 0
    return 2 * compare.seeds + curves + variants + sets + residuals


def _with_variants(
    findings: Findings, material: Material, few: Fold, params: Params, ablation: bool
) -> Findings:
    """Add the weights of the variants and, if wanted, the ablation.

    few: the rows that the networks of the variants were fitted on.
    """
    trained, architecture = findings.variants, findings.architecture
    seeds, threshold = findings.networks["tuned"].seeds, params.train.learning_rate
    return replace(
        findings,
        ablation=_ablate(trained, architecture, few, seeds, params) if ablation else None,
        weights=weight_sizes(trained, architecture, material.fold, threshold),
    )


def _explained(
    findings: Findings,
    material: Material,
    experiments: Mapping[str, Sequence[Job]],
    fits: Mapping[str, Sequence[Fit]],
    params: Params,
) -> Findings:
    """Add the decomposition and the repeated run, as far as they were trained."""
    compare, fold = params.compare, material.fold
    if SETS in fits:
        seed_fits = {kind: fits[f"{SETS}: seeds, {kind}"] for kind in KINDS}
        decomposition = decompose(
            fits[SETS],
            seed_fits,
            fold.actual[fold.score],
            task_of(material.classes),
            compare.resamples,
            compare.confidence,
        )
        findings = replace(findings, decomposition=decomposition)
    if material.published and PUBLISHED in fits:
        repeated = summarize_repetitions(
            material.published, experiments[PUBLISHED], fits[PUBLISHED], compare.confidence
        )
        findings = replace(findings, repeated_run=repeated)
    return findings


def _trained_curves(
    material: Material,
    architecture: Architecture,
    params: Params,
    trainer: Trainer,
    clock: Clock,
) -> tuple[ValidationCurve, ...]:
    """Train the validation curves, which the ablation takes its strengths from."""
    values = curve_values(params.network, params.search.space, params.compare.curve_points)
    folds = [thinned(fold, params.compare.rows, params.seed) for fold in material.cv]
    jobs = {CURVES: curve_jobs(values, folds, architecture, params.train, params.seed)}
    return validation_curves(
        values, folds, train_jobs(jobs, trainer, clock)[CURVES], task_of(material.classes)
    )


def _shape(architecture: Architecture, variant: Variant) -> Architecture:
    return replace(architecture, batch_norm=architecture.batch_norm ^ variant.flip_batch_norm)


def _strengths(
    curves: Sequence[ValidationCurve], tuned: Regularization, params: Params
) -> dict[str, float]:
    """Return each technique's strength alone: the best of its curve, or the tuned one without."""
    if curves:
        return {curve.part: curve.best for curve in curves}
    acting = acting_techniques(params.network, params.search.space)
    strengths = {technique: getattr(tuned, technique.name) for technique in acting}
    return {
        technique.name: value
        for technique, value in strengths.items()
        if not technique.is_off(value)
    }


def _ablate(
    trained: Sequence[tuple[Variant, Sequence[Fit]]],
    architecture: Architecture,
    fold: Fold,
    seeds: Sequence[int],
    params: Params,
) -> Ablation:
    rows = fold.fit[:: max(1, -(-len(fold.fit) // GAP_ROWS))]
    ready = []
    for variant, fits in trained:
        weights = [fit.weights for fit in fits]
        shape, values = _shape(architecture, variant), variant.regularization
        logits = forward(shape, weights, fold.x[rows], values).astype(float)
        ready.append(Trained(variant, fits, fold.in_units(logits)))
    return ablate(
        ready,
        fold.actual[fold.score],
        fold.actual[rows],
        seeds,
        task_of(architecture.classes),
        resamples=params.compare.resamples,
        confidence=params.compare.confidence,
        threshold=params.train.learning_rate,
    )
