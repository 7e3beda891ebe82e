from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from pipeline.comparison.ablation import Trained, ablate, decide, holm, near_zero
from pipeline.comparison.validation_curves import curve_values
from pipeline.config.params import Params
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.evaluation.variants import Variant, ablation_variants, grid
from pipeline.regularizers import BY_NAME
from pipeline.statistics.intervals import Difference
from pipeline.tasks.classification import CLASSIFICATION
from pipeline.training.fit import Fit

TUNED = Regularization(dropout=0.3, l1=1e-5, l2=0.0, patience=9)
ALONE = {"dropout": 0.5, "l1": 1e-4, "l2": 1e-3, "patience": 5.0}


def names(variants: list[Variant]) -> list[str]:
    return [variant.name for variant in variants]


def test_every_technique_alone_and_the_mix_without_each_part(params: Params) -> None:
    variants = ablation_variants(TUNED, ALONE, params.network, params.search.space)
    assert names(variants) == [
        "none", "dropout", "l1", "l2", "elastic_net", "patience", "batch_norm", "tuned",
        "tuned_without_dropout", "tuned_without_l1", "tuned_without_patience",
    ]  # fmt: skip
    of = {variant.name: variant for variant in variants}
    assert of["none"].regularization == OFF
    assert of["dropout"].regularization == OFF.model_copy(update={"dropout": 0.5})
    assert of["patience"].regularization == OFF.model_copy(update={"patience": 5})
    assert (of["elastic_net"].regularization.l1, of["elastic_net"].regularization.l2) == (
        5e-5,
        5e-4,
    )
    assert [v.name for v in variants if v.flip_batch_norm] == ["batch_norm"]
    without = of["tuned_without_dropout"].regularization
    assert without == TUNED.model_copy(update={"dropout": 0.0})
    assert of["tuned_without_patience"].regularization.patience is None
    assert [v.part.name for v in variants if v.part] == ["dropout", "l1", "patience"]


def test_parts_that_cannot_act_have_no_row(params: Params) -> None:
    layers = tuple(
        layer.model_copy(update={"dropout": False, "penalty": False})
        for layer in params.network.layers
    )
    network = params.network.model_copy(update={"layers": layers, "batch_norm": True})
    variants = ablation_variants(TUNED, ALONE, network, params.search.space)
    # One part alone is left of the mix: without it there would be none.
    assert names(variants) == ["none", "patience", "batch_norm", "tuned"]
    assert variants[2].title == "No batch normalization"
    assert set(curve_values(network, params.search.space, 3)) == {"patience"}


def test_grid_is_spaced_as_the_sampler_draws(params: Params) -> None:
    space = params.search.space
    assert grid(BY_NAME["dropout"], space, 3) == [0.35, 0.7]
    assert grid(BY_NAME["l1"], space, 3) == pytest.approx([1e-7, 3.16e-5, 1e-2])
    assert grid(BY_NAME["patience"], space, 3) == [3, 12, 20]
    assert grid(BY_NAME["l2"], space, 1) == pytest.approx([3.16e-5])
    assert BY_NAME["patience"].is_off(None)
    assert not BY_NAME["patience"].is_off(0)


def fits(logits: np.ndarray) -> list[Fit]:
    weights = [np.array([[0.0, 0.5], [1e-4, -2e-4]]), np.zeros(2)]
    return [Fit(weights, np.array([0.5]), np.array([0.4, 0.3]), 0, one) for one in logits]


def test_clear_effects_are_named_and_noise_is_not() -> None:
    rng, seeds = np.random.default_rng(0), range(6)
    y = rng.integers(0, 2, 90)
    base = 0.8 * (2 * y - 1) + rng.normal(size=(6, 90))

    def trained(name: str, logits: np.ndarray) -> Trained:
        variant = Variant(name, name, OFF)
        return Trained(variant, fits(logits[..., None]), 3 * logits[..., None])

    found = ablate(
        [
            trained("none", base),
            trained("better", base + 1.0 * (2 * y - 1)),
            trained("worse", base - 1.0 * (2 * y - 1)),
            trained("same", base + 0.01 * rng.normal(size=base.shape)),
        ],
        y,
        y,
        seeds,
        CLASSIFICATION,
        resamples=100,  # too few for the corrected tails: more are drawn
        confidence=0.95,
        threshold=1e-3,
    )
    assert [row.verdict for row in found.rows] == [
        None, "helps", "hurts", "no detectable difference"
    ]  # fmt: skip
    assert found.comparisons == 3
    assert found.simultaneous == pytest.approx(1 - 0.05 / 3)
    better = found.rows[1]
    assert better.difference is not None
    assert better.loss - found.rows[0].loss == pytest.approx(better.difference.estimate)
    assert better.gap == pytest.approx(better.loss - better.train_loss)
    assert better.epochs == 2
    assert better.near_zero == 0.75


def test_parts_of_the_mix_are_judged_against_the_mix_without_them() -> None:
    rng, seeds = np.random.default_rng(1), range(6)
    y = rng.integers(0, 2, 90)
    mix = 0.8 * (2 * y - 1) + rng.normal(size=(6, 90))

    def trained(name: str, shift: float, part: str = "") -> Trained:
        logits = mix + shift * (2 * y - 1) + 0.01 * rng.normal(size=mix.shape)
        return Trained(
            Variant(name, name, OFF, part=BY_NAME.get(part)),
            fits(logits[..., None]),
            logits[..., None],
        )

    found = ablate(
        [
            trained("none", -0.5),
            trained("tuned", 0.0),
            trained("tuned_without_l2", -1.0, "l2"),
            trained("tuned_without_dropout", 1.0, "dropout"),
            trained("tuned_without_l1", 0.0, "l1"),
        ],
        y,
        y,
        seeds,
        CLASSIFICATION,
        resamples=100,
        confidence=0.95,
        threshold=1e-3,
    )
    assert [(part.title, part.verdict) for part in found.parts] == [
        ("L2", "helps"), ("Dropout", "hurts"), ("L1", "no detectable difference")
    ]  # fmt: skip
    of = {row.name: row.loss for row in found.rows}
    assert found.parts[0].difference.estimate == pytest.approx(of["tuned"] - of["tuned_without_l2"])
    assert found.parts_simultaneous == pytest.approx(1 - 0.05 / 3)
    assert found.comparisons == 4


def test_holm_is_stricter_than_each_and_weaker_than_bonferroni() -> None:
    p = [0.001, 0.02, 0.03, 0.9]
    assert holm(p) == pytest.approx([0.004, 0.06, 0.06, 0.9])
    assert all(ours <= 4 * one for ours, one in zip(holm(p), p, strict=True))
    assert all(ours >= fdr for ours, fdr in zip(holm(p), false_discovery_control(p), strict=True))
    assert holm([]) == []


def test_decision_follows_the_corrected_p_value() -> None:
    lower = Difference(-0.1, -0.2, -0.01, 0.01, 0.1)
    assert decide(lower, 0.04, 0.05) == "helps"
    assert decide(lower, 0.06, 0.05) == "no detectable difference"
    assert decide(replace(lower, estimate=0.1), 0.04, 0.05) == "hurts"


def test_near_zero_counts_kernels_alone() -> None:
    assert near_zero([np.array([[0.0, 1.0]]), np.zeros(9)], 0.5) == 0.5
