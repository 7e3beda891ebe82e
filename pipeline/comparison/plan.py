"""All experiments of a comparison: planned together, so that no network is trained twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.comparison.ablation import Ablation, Trained, ablate
from pipeline.comparison.curves import ValidationCurve, curve_jobs, curve_values, validation_curves
from pipeline.comparison.decomposition import Decomposition, bootstrap_jobs, decompose
from pipeline.comparison.jobs import Clock, Job, train_jobs
from pipeline.comparison.kinds import KINDS, Kind
from pipeline.comparison.networks import Networks
from pipeline.comparison.published import SETUPS, Reference, reference_jobs, repeat_reference
from pipeline.comparison.variants import Variant, ablation_variants, acting_techniques
from pipeline.config.params import Params
from pipeline.config.sections.regularization import Regularization
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member, Trainer
from pipeline.training.forward import forward

# Training rows on which the gap to the test rows is measured, at most.
GAP_ROWS = 2000
CURVES, SETS, REFERENCE = "validation curves", "bootstrap sets", "reference experiment"


@dataclass(frozen=True, eq=False)
class Material:
    """What the networks are trained on.

    fold: fits on train, stops on val, scores on test. cv: the folds inside train.
    every: all rows, scaled together, for the reference experiment; None if it is not wanted.
    """

    name: str
    classes: int
    fold: Fold
    cv: Sequence[Fold]
    every: Fold | None


@dataclass(frozen=True, eq=False)
class Findings:
    """What the experiments gave; parts that are switched off are None or empty.

    fitting_rows: how many training rows the networks of the ablation and of the bootstrap sets
    were fitted on.
    """

    networks: dict[Kind, Networks]
    architecture: Architecture
    fitting_rows: int
    curves: tuple[ValidationCurve, ...]
    variants: Sequence[tuple[Variant, Sequence[Fit]]]
    ablation: Ablation | None
    decomposition: Decomposition | None
    reference: Reference | None


def conduct(
    kinds: Mapping[Kind, Regularization],
    material: Material,
    params: Params,
    trainer: Trainer,
    clock: Clock,
) -> Findings:
    """Train every network of the comparison and take the experiments' figures.

    `InputError` if a network has no finite loss. clock: times a part by name.
    """
    compare, train, seed = params.compare, params.train, params.seed
    fold, few = material.fold, thinned(material.fold, compare.rows, seed)
    seeds = range(seed, seed + compare.seeds)
    architecture = Architecture.of(params.network, fold.x.shape[1], material.classes)

    values = curve_values(params.network, params.search.space, compare.curve_points)
    cv = [thinned(one, compare.rows, seed) for one in material.cv]
    jobs = {CURVES: curve_jobs(values, cv, architecture, train, seed)}
    curves = validation_curves(values, cv, train_jobs(jobs, trainer, clock)[CURVES])

    def over_seeds(variant: Variant, rows: Fold) -> list[Job]:
        shape = _shape(architecture, variant)
        return [
            Job(Member(rows, variant.regularization, one), shape, train, f"{variant.title!r}")
            for one in seeds
        ]

    whole = {kind: Variant(kind, f"the {kind} network", kinds[kind]) for kind in KINDS}
    experiments = {one.title: over_seeds(one, fold) for one in whole.values()}
    variants: list[Variant] = []
    if compare.ablation:
        alone = _strengths(curves, kinds["best"], params)
        variants = ablation_variants(kinds["best"], alone, params.network)
        experiments |= {one.title: over_seeds(one, few) for one in variants}
    if compare.bootstrap_sets:
        experiments |= {f"{SETS}: seeds, {kind}": over_seeds(whole[kind], few) for kind in KINDS}
        experiments[SETS] = bootstrap_jobs(
            kinds, few, architecture, train, compare.bootstrap_sets, seed
        )
    setup = SETUPS.get(material.name) if compare.reference_repeats else None
    if setup and material.every:
        experiments[REFERENCE] = reference_jobs(
            setup, material.every, material.classes, train, params.compare, seed
        )
    fits = train_jobs(experiments, trainer, clock)

    ablated = [(one, fits[one.title]) for one in variants]
    with clock("statistics: ablation, bias and variance, reference"):
        return Findings(
            networks={
                kind: Networks(kinds[kind], seeds, fits[whole[kind].title]) for kind in KINDS
            },
            architecture=architecture,
            fitting_rows=len(few.fit),
            curves=curves,
            variants=ablated,
            ablation=_ablate(ablated, architecture, few, seeds, params) if ablated else None,
            decomposition=(
                decompose(
                    fits[SETS],
                    {kind: fits[f"{SETS}: seeds, {kind}"] for kind in KINDS},
                    fold.y[fold.score],
                    compare.resamples,
                    compare.confidence,
                )
                if SETS in fits
                else None
            ),
            reference=(
                repeat_reference(setup, experiments[REFERENCE], fits[REFERENCE], compare.confidence)
                if setup and REFERENCE in fits
                else None
            ),
        )


def thinned(fold: Fold, rows: int | None, seed: int) -> Fold:
    """The fold with at most this many rows that fit, drawn by the seed, and its stop rows in step.

    Score rows stay. The fold itself if it has no more.
    """
    if rows is None or len(fold.fit) <= rows:
        return fold
    rng = np.random.default_rng(seed)
    stop = max(1, round(len(fold.stop) * rows / len(fold.fit)))

    def some(of: np.ndarray, count: int) -> np.ndarray:
        return np.sort(rng.choice(of, count, replace=False))

    return replace(fold, fit=some(fold.fit, rows), stop=some(fold.stop, stop))


def _shape(architecture: Architecture, variant: Variant) -> Architecture:
    return replace(architecture, batch_norm=architecture.batch_norm ^ variant.flip_batch_norm)


def _strengths(
    curves: Sequence[ValidationCurve], tuned: Regularization, params: Params
) -> dict[str, float]:
    """Strength of each technique alone: the best of its curve, or the tuned one without curves."""
    if curves:
        return {curve.part: curve.best for curve in curves}
    strengths = {one: getattr(tuned, one.name) for one in acting_techniques(params.network)}
    return {one.name: value for one, value in strengths.items() if not one.is_off(value)}


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
        logits = forward(_shape(architecture, variant), weights, fold.x[rows])
        ready.append(Trained(variant, fits, logits.astype(float)))
    return ablate(
        ready,
        fold.y[fold.score],
        fold.y[rows],
        seeds,
        resamples=params.compare.resamples,
        confidence=params.compare.confidence,
        threshold=params.train.learning_rate,
    )
