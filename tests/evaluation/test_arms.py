from __future__ import annotations

from pipeline.config.params import Params
from pipeline.evaluation.arms import arms, lone_strengths, part_of
from pipeline.evaluation.variants import OFF

ALONE = {
    "dropout": OFF.model_copy(update={"dropout": 0.5}),
    "l1": OFF.model_copy(update={"l1": 1e-4}),
    "l2": OFF.model_copy(update={"l2": 1e-3}),
    "patience": OFF.model_copy(update={"patience": 5}),
}
MIX = OFF.model_copy(update={"dropout": 0.3, "l2": 1e-2})


def test_arms_are_the_same_whatever_the_search_found(params: Params) -> None:
    names = [
        [arm.name for arm in arms(OFF, tuned, ALONE, params.network, params.search.space)]
        for tuned in (MIX, OFF, ALONE["l1"])
    ]
    assert names[0] == names[1] == names[2]
    assert names[0] == [
        "baseline", "tuned", "dropout", "l1", "l2", "elastic_net", "patience", "batch_norm",
        "tuned_without_dropout", "tuned_without_l1", "tuned_without_l2", "tuned_without_patience",
    ]  # fmt: skip


def test_mix_lacks_what_it_is_without(params: Params) -> None:
    found = {arm.name: arm for arm in arms(OFF, MIX, ALONE, params.network, params.search.space)}
    assert found["tuned_without_l2"].regularization == MIX.model_copy(update={"l2": 0.0})
    assert found["tuned_without_l1"].regularization == MIX
    assert part_of("tuned_without_l2") == "l2"
    assert part_of("tuned") is None
    assert found["elastic_net"].regularization == OFF.model_copy(update={"l1": 5e-5, "l2": 5e-4})


def test_baseline_with_a_regularization_is_told_from_none(params: Params) -> None:
    names = [arm.name for arm in arms(ALONE["l1"], MIX, ALONE, params.network, params.search.space)]
    assert names[:3] == ["baseline", "tuned", "none"]


def test_strengths_leave_out_the_low_end(params: Params) -> None:
    found = lone_strengths(params.network, params.search.space, 3)
    assert [one.dropout for one in found["dropout"]] == [0.233, 0.467, 0.7]
    assert [one.l2 for one in found["l2"]] == [4.64e-6, 2.15e-4, 0.01]
    assert [one.patience for one in found["patience"]] == [9, 14, 20]
    assert [len(values) for values in found.values()] == [3, 3, 3, 3]
