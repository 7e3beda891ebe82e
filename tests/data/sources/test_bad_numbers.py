"""Each way in which a number to predict may be wrong gets one line that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.errors import InputError
from pipeline.config.params import parse_params
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.prepare import prepare_final
from pipeline.data.sources.dispatch import load_table

ROWS = 60


def written(targets: list[Any], x: list[Any] | None = None) -> str:
    """Return a CSV with this target."""
    x = x or [f"{value:.3f}" for value in np.random.default_rng(0).normal(size=len(targets))]
    lines = [f"{one};{target}" for one, target in zip(x, targets, strict=True)]
    return "\n".join(["x;y", *lines]) + "\n"


def amounts(rows: int = ROWS) -> list[str]:
    return [f"{value:.2f}" for value in np.random.default_rng(1).gamma(2, 30, rows)]


def load(text: str, changes: dict[str, Any], raw: dict[str, Any], folder: Path) -> Any:
    """Go from a file to arrays, as the stages do."""
    (folder / "t.csv").write_text(text)
    raw["data"] |= {"source": str(folder / "t.csv"), "watch": str(folder), "target": "y"}
    for key, value in changes.items():
        section, name = key.split(".", 1)
        raw[section][name] = value
    params = parse_params(raw)
    table = load_table(params.data, params.split)
    schema = describe(table, params.split.group)
    findings = check_table(table, schema, params.split.group)
    schema = schema.model_copy(update={"findings": (*schema.findings, *findings)})
    frame = table.frame
    data = params.data
    weight = params.train.class_weight
    setting = (schema, data.scale, data.categories, weight, data.target_transform)
    prepare_final(frame[: ROWS // 2], frame[ROWS // 2 :][:10], frame[-10:], *setting)
    return table, schema


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "text for a number": (
        written(["red", "blue"] * 30),
        {"data.task": "regression"},
        "target 'y' holds 'red' in 60 rows, want numbers (data.task is regression). Set data.task:",
    ),
    "one word among numbers": (
        written([*amounts()[:-1], "unknown"]),
        {"data.task": "regression"},
        "holds 'unknown' in 1 rows, want numbers",
    ),
    "booleans for a number": (
        written(["true", "false"] * 30),
        {"data.task": "regression"},
        "target 'y' holds 'true' in 60 rows, want numbers",
    ),
    "dates for a number": (
        written([f"2024-01-{day:02}" for day in range(1, 31)] * 2),
        {"data.task": "regression"},
        "target 'y' holds '2024-01-01'",
    ),
    "amounts for classes": (
        written(amounts()),
        {"data.task": "classification"},
        "classes, want 2 to 50. To predict it as a number, set data.task: regression",
    ),
    "names for classes": (
        written([f"name {n}" for n in range(ROWS)]),
        {},
        "has 60 classes, want 2 to 50. Look at data.target, or merge classes",
    ),
    "constant number": (
        written(["4.5"] * ROWS),
        {"data.task": "regression"},
        "target 'y' is 4.5 in every row, want a number that differs. Look at data.target",
    ),
    "no number at all": (
        written([""] * ROWS),
        {"data.task": "regression"},
        "target 'y' ",
    ),
    "infinite number": (
        written([*amounts()[:-1], "1e300"]),
        {"data.task": "regression"},
        "target 'y' has 1 values that are infinite or beyond",
    ),
    "few rows": (
        written(amounts(25)),
        {"data.task": "regression"},
        "25 rows, want at least 40 to predict a number. Collect more",
    ),
    "positive class of a number": (
        written(amounts()),
        {"data.positive": "1"},
        "data.positive is '1', but the target 'y' is a number, want null. Set data.pos",
    ),
    "weights of classes": (
        written(amounts()),
        {"train.class_weight": "balanced"},
        "train.class_weight is balanced, but the target 'y' is a number and has no classes, want",
    ),
    "weights by name": (
        written(amounts()),
        {"train.class_weight": {"1": 3}},
        "train.class_weight is a mapping, but the target 'y' is a number",
    ),
    "logarithm of a loss": (
        written([f"-{amount}" for amount in amounts()]),
        {"data.target_transform": "log1p"},
        "data.target_transform is log1p, but the target 'y' falls to -",
    ),
    "unknown task": (
        written(amounts()),
        {"data.task": "regresion"},
        "data.task is 'regresion', want auto, classification or regression. Change it, e.g. regr",
    ),
    "no task": (
        written(amounts()),
        {"data.task": None},
        "data.task is null, want auto, classification or regression",
    ),
    "unknown transformation": (
        written(amounts()),
        {"data.target_transform": "sqrt"},
        "data.target_transform is 'sqrt', want none or log1p. Change it, e.g. log1p",
    ),
    "unknown loss": (
        written(amounts()),
        {"train.loss": "mae"},
        "train.loss is 'mae', want squared_error or huber. Change it, e.g. huber",
    ),
    "no width of Huber's loss": (
        written(amounts()),
        {"train.huber_delta": 0.0},
        "train.huber_delta is 0.0, want a number > 0. Change it, e.g. 1.0",
    ),
    "certain intervals": (
        written(amounts()),
        {"compare.coverage": 1.0},
        "compare.coverage is 1.0, want a level from 0.5 to below 1. Change it, e.g. 0.9",
    ),
    "percent for a level": (
        written(amounts()),
        {"compare.coverage": 90},
        "compare.coverage is 90, want a level from 0.5 to below 1",
    ),
    "unknown gate metric": (
        written(amounts()),
        {"gate.metric": "rsme"},
        "gate.metric is 'rsme', want auto, log_loss, accuracy, balanced_accuracy, roc_auc,",
    ),
    "impossible floor": (
        written(amounts()),
        {"gate.floors": {"r2": 1.5}},
        "gate.floors.r2 is 1.5, want a number <= 1, or null",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_fault_is_told_in_one_line(
    case: str, raw_params: dict[str, Any], tmp_path: Path
) -> None:
    text, changes, expected = REFUSED[case]
    if case == "impossible floor":
        changes = {"gate.floors": {**raw_params["gate"]["floors"], "r2": 1.5}}
    with pytest.raises(InputError) as raised:
        load(text, changes, raw_params, tmp_path)
    message = str(raised.value)
    assert expected in message
    assert "\n" not in message


# What is taken for what, and the words that say how to change it.
TAKEN: dict[str, tuple[list[Any], dict[str, Any], bool, str | None]] = {
    "fractions": (amounts(), {}, True, "numbers with fractions, so it is predicted as a number"),
    "many whole numbers": (
        [*range(ROWS)], {}, True, "60 different numbers, so it is predicted as a number",
    ),
    "few whole numbers": (
        [1, 2, 3] * 20, {}, False, "3 different whole numbers, which are taken for classes; to",
    ),
    "whole numbers with a point": ([0.0, 1.0] * 30, {}, False, "2 different whole numbers"),
    "texts": (["a", "b"] * 30, {}, False, None),
    "booleans": (["true", "false"] * 30, {}, False, None),
    "few whole numbers, said to be one": ([1, 2, 3] * 20, {"data.task": "regression"}, True, None),
    "decimal commas": (
        [amount.replace(".", ",") for amount in amounts()], {}, True, "numbers with fractions",
    ),
    "a unit": ([f"{amount} €" for amount in amounts()], {}, True, "numbers with fractions"),
    "codes with zeros": ([f"{n % 7:03}" for n in range(ROWS)], {}, False, None),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_target_is_taken_for_what_it_shows(
    case: str, raw_params: dict[str, Any], tmp_path: Path
) -> None:
    targets, changes, number, line = TAKEN[case]
    table, schema = load(written(targets), changes, raw_params, tmp_path)
    assert (schema.classes == ()) is number
    assert (table.frame["y"].dtype == np.float64) is number
    if line is None:
        assert table.task_line is None
    else:
        assert line in table.task_line
        assert f"data.task: {'classification' if number else 'regression'}" in table.task_line


NOTED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "few values": ([1, 2, 3] * 20, {"data.task": "regression"}, "only 3 different values"),
    "skewed": (
        [f"{value:.2f}" for value in np.exp(np.random.default_rng(2).normal(0, 2, ROWS))],
        {},
        "try data.target_transform: log1p",
    ),
    "mostly zero": (["0"] * 40 + amounts(20), {}, "0 in 67% of the rows"),
    "gaps": ([*amounts(50), *[""] * 10], {}, "10 rows have no value in it and were left out"),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_to_know_of_a_number_is_a_finding(
    case: str, raw_params: dict[str, Any], tmp_path: Path
) -> None:
    targets, changes, expected = NOTED[case]
    _, schema = load(written(targets), changes, raw_params, tmp_path)
    assert any(expected in found.message and found.column == "y" for found in schema.findings)


def test_copy_of_the_target_is_a_leak(raw_params: dict[str, Any], tmp_path: Path) -> None:
    targets = amounts()
    copy = [f"{float(amount) * 1.19:.2f}" for amount in targets]
    _, schema = load(written(targets, copy), {}, raw_params, tmp_path)
    assert [finding.check for finding in schema.findings if finding.column == "x"] == ["leak"]


def test_gate_metric_of_the_other_task_is_refused(raw_params: dict[str, Any]) -> None:
    from pipeline.tasks.known import TASKS

    raw_params["gate"]["metric"] = "accuracy"
    gate = parse_params(raw_params).gate
    assert gate.metric_for(TASKS["classification"]).name == "accuracy"
    with pytest.raises(InputError, match=r"'accuracy', want a metric of regression \(rmse, mae"):
        gate.metric_for(TASKS["regression"])
    raw_params["gate"]["metric"] = "auto"
    gate = parse_params(raw_params).gate
    assert [gate.metric_for(task).name for task in TASKS.values()] == ["log_loss", "rmse"]


def test_columns_of_every_kind_with_gaps_are_checked(
    raw_params: dict[str, Any], tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    size = rng.normal(size=ROWS)
    colour = rng.choice(["red", "blue", ""], ROWS)
    seen = [f"2024-01-{day:02}" if day % 5 else "" for day in rng.integers(1, 29, ROWS)]
    price = [f"{100 + 20 * value:.2f}" for value in size]
    lines = [
        f"{value:.3f};{name};{day};{'' if n % 9 == 0 else n % 2 == 0};{level};{amount}"
        for n, (value, name, day, level, amount) in enumerate(
            zip(rng.normal(size=ROWS), colour, seen, np.digitize(size, [0]), price, strict=True)
        )
    ]
    text = "\n".join(["noise;colour;seen;odd;level;y", *lines]) + "\n"
    _, schema = load(text, {}, raw_params, tmp_path)
    assert schema.classes == ()
    assert len(schema.columns) == 5
    assert not any(finding.check == "leak" for finding in schema.findings)
    # A category whose levels each have one target gives it away.
    rows = []
    for n, line in enumerate(lines):
        cells = line.split(";")
        rows.append(";".join([cells[0], "ABC"[n % 3], *cells[2:5], str(10.5 * (n % 3))]))
    text = "\n".join(["noise;colour;seen;odd;level;y", *rows]) + "\n"
    _, schema = load(text, {}, raw_params, tmp_path)
    assert [f.column for f in schema.findings if f.check == "leak"] == ["colour"]
