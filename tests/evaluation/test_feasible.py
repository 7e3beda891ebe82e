from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.evaluation.outer import Rows
from pipeline.evaluation.run import plan_evaluation


def with_settings(params: Params, **settings: int) -> Params:
    return params.model_copy(update={"evaluate": params.evaluate.model_copy(update=settings)})


def with_rare_class(rows: Rows, count: int) -> Rows:
    labels = np.where(np.arange(len(rows.labels)) < count, "yes", "no")
    return dataclasses.replace(rows, labels=labels)


@pytest.mark.parametrize("count", range(1, 14))
@pytest.mark.parametrize(("folds", "inner_folds"), [(5, 2), (10, 5)])
def test_advice_may_be_obeyed(
    rows: Rows, params: Params, count: int, folds: int, inner_folds: int
) -> None:
    rare = with_rare_class(rows, count)
    wanted = with_settings(params, folds=folds, inner_folds=inner_folds)
    try:
        plan_evaluation(rare, wanted)
    except InputError as error:
        message = str(error)
    else:
        assert count >= folds
        return
    assert f"train and val have {count} different rows of class 'yes', too few" in message
    assert "set evaluate.folds to 0" in message
    assert "\n" not in message
    lowered = {name: int(to) for name, to in re.findall(r"evaluate\.(\w+) to ([1-9]\d*)", message)}
    assert bool(lowered) is (count >= 4)
    if lowered:
        plan_evaluation(rare, with_settings(wanted, **lowered))


def test_groups_that_leave_a_fit_without_a_class_are_told(rows: Rows, params: Params) -> None:
    schema = rows.schema.model_copy(update={"group": "shop"})
    shops = np.array([f"{label} {n % 30}" for n, label in enumerate(rows.labels)])
    grouped = dataclasses.replace(rows, schema=schema, identity=shops)
    plan_evaluation(grouped, params)
    one_shop = np.where(rows.labels == "yes", "all of them", shops)
    with pytest.raises(InputError, match=r"1 groups of class 'yes', too few .* Add rows"):
        plan_evaluation(dataclasses.replace(grouped, identity=one_shop), params)
