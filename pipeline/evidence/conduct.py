"""All experiments of a comparison: planned together, so that few calls of the trainer do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from pipeline.data.prepare import Fold
from pipeline.evidence.ablation import Ablation, Trained, ablate
from pipeline.evidence.decomposition import Decomposition, bootstrap_jobs, decompose
from pipeline.evidence.experiments import Job, Trainer, train_jobs
from pipeline.evidence.kinds import KINDS, Kind
from pipeline.evidence.networks import Networks
from pipeline.evidence.reference import SETUPS, Reference, reference_jobs, repeat_reference
from pipeline.evidence.validation import (
    ValidationCurve,
    curve_jobs,
    curve_values,
    validation_curves,
)
from pipeline.evidence.variants import Part, Variant, ablation_variants, acting_parts, is_off
from pipeline.params import Params, Regularization
from pipeline.training.fit import Fit, Member
from pipeline.training.forward import forward
from pipeline.training.network import Architecture

# Training rows on which the gap to the test rows is measured, at most.
GAP_ROWS = 2000

Clock = Callable[[str], AbstractContextManager[None]]


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
    """What the experiments gave; parts that are switched off are None or empty."""

    networks: dict[Kind, Networks]
    architecture: Architecture
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
    fold, y = material.fold, material.fold.y[material.fold.score]
    seeds = range(seed, seed + compare.seeds)
    architecture = Architecture.of(params.network, fold.x.shape[1], material.classes)

    values = curve_values(params.network, params.search.space, compare.curve_points)
    with clock("train: validation curves"):
        jobs = curve_jobs(values, material.cv, architecture, train, seed)
        curves = validation_curves(values, material.cv, train_jobs(jobs, trainer))

    def over_seeds(variant: Variant) -> list[Job]:
        flipped = architecture.batch_norm ^ variant.flip_batch_norm
        shape = replace(architecture, batch_norm=flipped)
        return [
            Job(Member(fold, variant.regularization, one), shape, train, f"{variant.title!r}")
            for one in seeds
        ]

    variants = [Variant(kind, f"the {kind} network", kinds[kind]) for kind in KINDS]
    if compare.ablation:
        alone = _strengths(curves, kinds["best"], params)
        variants += ablation_variants(kinds["best"], alone, params.network)
    setup = SETUPS.get(material.name) if material.every else None
    groups = [over_seeds(variant) for variant in variants]
    groups.append(bootstrap_jobs(kinds, fold, architecture, train, compare.bootstrap_sets, seed))
    if setup and material.every:
        groups.append(
            reference_jobs(
                setup, material.every, material.classes, train, compare.reference_repeats, seed
            )
        )
    with clock("train: seeds, ablation, bootstrap sets, reference"):
        fits = iter(train_jobs([job for group in groups for job in group], trainer))
        found = [[next(fits) for _ in group] for group in groups]

    trained = list(zip(variants, found, strict=False))
    networks = {
        kind: Networks(kinds[kind], seeds, of_kind)
        for kind, (_, of_kind) in zip(KINDS, trained, strict=False)
    }
    ablated = trained[len(KINDS) :]
    with clock("statistics: ablation, bias and variance, reference"):
        return Findings(
            networks=networks,
            architecture=architecture,
            curves=curves,
            variants=ablated,
            ablation=_ablate(ablated, architecture, fold, seeds, params) if ablated else None,
            decomposition=(
                decompose(
                    found[len(variants)],
                    {kind: networks[kind].logits for kind in KINDS},
                    y,
                    compare.resamples,
                    compare.confidence,
                )
                if compare.bootstrap_sets
                else None
            ),
            reference=(
                repeat_reference(setup, groups[-1], found[-1], compare.confidence)
                if setup and compare.reference_repeats
                else None
            ),
        )


def _strengths(
    curves: Sequence[ValidationCurve], tuned: Regularization, params: Params
) -> dict[Part, float]:
    """Strength of each technique alone: the best of its curve, or the tuned one without curves."""
    if curves:
        return {curve.part: curve.best for curve in curves}
    acting = acting_parts(params.network)
    return {part: v for part in acting if not is_off(part, v := getattr(tuned, part))}


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
        flipped = architecture.batch_norm ^ variant.flip_batch_norm
        shape = replace(architecture, batch_norm=flipped)
        logits = forward(shape, [fit.weights for fit in fits], fold.x[rows])
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
