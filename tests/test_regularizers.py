from __future__ import annotations

from pipeline.config.sections.regularization import Regularization, SpaceParams
from pipeline.regularizers import BY_NAME, TECHNIQUES


def test_parameters_have_a_value_and_a_range_for_each_technique_in_the_tables_order() -> None:
    names = [technique.name for technique in TECHNIQUES]
    assert list(Regularization.model_fields) == names
    assert list(SpaceParams.model_fields) == names
    assert list(BY_NAME) == names


def test_each_technique_can_be_switched_off() -> None:
    off = {technique.name: technique.off for technique in TECHNIQUES}
    switched_off = Regularization.model_validate(off)
    for technique in TECHNIQUES:
        assert technique.is_off(getattr(switched_off, technique.name))
        assert not technique.is_off(0.5)


def test_values_name_the_default_four_those_that_are_on_and_those_asked_for() -> None:
    four = ["dropout", "l1", "l2", "patience"]
    assert list(Regularization().values()) == four
    mixed = Regularization(mixup=0.3)
    assert list(mixed.values()) == [*four, "mixup"]
    assert list(mixed.values([BY_NAME["max_norm"]])) == [*four, "max_norm", "mixup"]
    assert mixed.active == [BY_NAME["mixup"]]
