from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest

from pipeline.config.errors import InputError
from pipeline.config.params import load_params, parse_params


def change(raw: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        raw = raw[int(part) if part.isdigit() else part]
    if value is DELETE:
        del raw[last]
    else:
        raw[last] = value


DELETE = object()
BAD = [
    ("seed", -1, "seed is -1, want a whole number from 0 to 2147483647. Change it, e.g. 42."),
    ("seed", 1.5, "seed is 1.5, want a whole number from 0 to 2147483647. Change it, e.g. 42."),
    ("seed", True, "seed is true, want a whole number from 0 to 2147483647. Change it, e.g. 42."),
    ("seed", None, "seed is null, want a whole number from 0 to 2147483647. Change it, e.g. 42."),
    ("data", DELETE, "data is missing, want this section."),
    ("data", 3, "data is 3, want a section of keys."),
    ("data.source", "", "data.source is '', want the name of a source, a file"),
    ("data.source", 7, "data.source is 7, want the name of a source, a file"),
    ("data.scale", "max", "data.scale is 'max', want minmax, standard, image or none."),
    ("data.sacle", "minmax", "data.sacle is unknown, want a known key. Did you mean 'scale'?"),
    ("compare.published", 3, "compare.published is 3, want a published run, or null."),
    ("compare.published.rate", 1, "compare.published.rate is 1, want a rate in [0, 1)."),
    (
        "compare.published.accuracy_with",
        None,
        "compare.published: accuracy_without is 0.9884 and accuracy_with is null, want both",
    ),
    ("zebra", 1, "zebra is unknown, want a known key. Known keys: seed, data, split,"),
    ("split.val", 0.25, "split: train + val + test is 1.1, want 1. Change one share"),
    ("split.train", 1.2, "split.train is 1.2, want a share between 0 and 1."),
    ("split.test", "15%", "split.test is '15%', want a share between 0 and 1."),
    ("split.folds", 1, "split.folds is 1, want a whole number from 2 to 50."),
    ("split.group", "", "split.group is '', want a column's name or null."),
    ("network.layers", [], "network.layers is an empty list, want a list of one hidden layer"),
    ("network.layers", 30, "network.layers is 30, want a list of one hidden layer or more."),
    ("network.layers.1.units", 0, "network.layers[1].units is 0, want a whole number from 1"),
    ("network.layers.1.units", DELETE, "network.layers[1].units is missing, want a whole number"),
    ("network.layers.0.activation", "rely", "network.layers[0].activation is 'rely', want relu,"),
    ("network.layers.0.droput", 1, "network.layers[0].droput is unknown, want a known key. Did"),
    ("network.batch_norm", "yes", "network.batch_norm is 'yes', want true or false."),
    ("train.batch_size", 0, "train.batch_size is 0, want a whole number from 1 to 1000000."),
    ("train.learning_rate", 0, "train.learning_rate is 0, want a number > 0. Change it, e.g. 0.0"),
    ("train.learning_rate", float("nan"), "train.learning_rate is nan, want a number > 0."),
    ("train.schedule", "linear", "train.schedule is 'linear', want constant or cosine."),
    ("train.max_epochs", "100", "train.max_epochs is '100', want a whole number from 1 to"),
    ("train.class_weight", "even", "train.class_weight: 'even' is no weighting, want none, balan"),
    ("train.class_weight", None, "train.class_weight: null is no weighting, want none, balanced"),
    ("train.class_weight", {}, "train.class_weight: {} is no weighting, want none, balanced, or w"),
    ("train.class_weight", [1, 3], "train.class_weight: a list is no weighting, want none, balan"),
    ("train.class_weight", {"b": 0}, "train.class_weight: class 'b' has the weight 0, want a num"),
    ("train.class_weight", {"b": "3"}, "train.class_weight: class 'b' has the weight '3', want"),
    ("train.class_weight", {"b": True}, "train.class_weight: class 'b' has the weight true, want"),
    ("train.class_weight", {1: float("nan")}, "train.class_weight: class '1' has the weight nan"),
    ("search.trials", 0, "search.trials is 0, want a whole number from 1 to 1000000."),
    ("search.trials", DELETE, "search.trials is missing, want a whole number from 1 to 1000000."),
    ("search.trails", 5, "search.trails is unknown, want a known key. Did you mean 'trials'?"),
    ("search.space.dropout.high", 1.2, "search.space.dropout.high is 1.2, want a rate in [0, 1)."),
    ("search.space.l1.low", 1, "search.space.l1: low 1 is above high 0.01, want low <= high."),
    ("search.space.l2.low", 0, "search.space.l2: low is 0 with log: true, want a number > 0."),
    ("search.space.patience.low", 30, "search.space.patience: low 30 is above high 20, want"),
    ("baseline.max_norm", 0, "baseline.max_norm is 0, want a number > 0, or null."),
    ("search.space", {}, "search.space: no technique has a range, want one at least."),
    ("baseline.dropout", 1.0, "baseline.dropout is 1.0, want a rate in [0, 1)."),
    ("baseline.patience", -1, "baseline.patience is -1, want a whole number >= 0, or null."),
    ("baseline.l1", float("inf"), "baseline.l1 is inf, want a number >= 0."),
    ("compare.confidence", 95, "compare.confidence is 95, want a level from 0.5 to below 1."),
    ("compare.seeds", [1, 2], "compare.seeds is a list, want a whole number from 1 to 10000."),
    ("gate.metric", "f2", "gate.metric is 'f2', want auto, log_loss, accuracy, balanced_accuracy,"),
    ("gate.metric", 3, "gate.metric is 3, want auto, log_loss, accuracy,"),
    (
        "gate.metric",
        DELETE,
        "gate.metric is missing, want auto, log_loss, accuracy,",
    ),
    ("gate.floors.roc_auc", 70, "gate.floors.roc_auc is 70, want a share from 0 to 1, or null. Ch"),
    ("gate.floors.roc_auc", "0.7", "gate.floors.roc_auc is '0.7', want a share from 0 to 1, or"),
    ("gate.floors.log_loss", -1, "gate.floors.log_loss is -1, want a number >= 0, or null. Change"),
    ("gate.floors.brier", 2.5, "gate.floors.brier is 2.5, want a number from 0 to 2, or null."),
    (
        "gate.floors.brier",
        DELETE,
        "gate.floors.brier is missing, want a number from 0 to 2, or nul",
    ),
    ("gate.floors.roc_acu", 0.7, "gate.floors.roc_acu is unknown, want a known key. Did you mean"),
    ("gate.floors", None, "gate.floors is null, want a section of keys. Indent its keys below."),
    ("tracking.model_name", "a/b", "tracking.model_name is 'a/b', want a name of letters, digits"),
]


@pytest.mark.parametrize(("key", "value", "message"), BAD)
def test_bad_value_is_told_in_one_line(
    raw_params: dict[str, Any], key: str, value: Any, message: str
) -> None:
    change(raw_params, key, value)
    with pytest.raises(InputError) as caught:
        parse_params(raw_params)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"params.yaml: {message}")
    assert lines[0].endswith((".", "?"))


def test_every_error_is_told(raw_params: dict[str, Any]) -> None:
    change(raw_params, "seed", -1)
    change(raw_params, "search.trials", 0)
    with pytest.raises(InputError) as caught:
        parse_params(raw_params)
    assert [line.split()[1] for line in str(caught.value).splitlines()] == ["seed", "search.trials"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is null, want sections"),
        ("- 1\n", "the file is a list, want sections"),
        ("seed: 1\nseed: 2\n", "line 2 gives a key for the second time"),
        ("seed: [1\n", "is not YAML"),
        ("a:\n\t- b\n", "line 2, column 1 is not YAML"),
        ("seed: !!python/object:os.system x\n", "is not YAML"),
        (b"seed: \xff\xfe", "byte 6 is not UTF-8"),
        (b"seed: \x00", "not YAML"),
    ],
)
def test_unreadable_file_is_told_in_one_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=message) as caught:
        load_params(path)
    assert "\n" not in str(caught.value)


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_params(tmp_path / "params.yaml")


def test_params_cannot_be_changed(raw_params: dict[str, Any]) -> None:
    params = parse_params(raw_params)
    with pytest.raises(pydantic.ValidationError):
        params.search.trials = 5  # type: ignore[misc]


def test_reading_the_params_imports_nothing_heavy() -> None:
    code = (
        "import sys, pipeline.config.params;"
        " heavy = {'numba', 'pandas', 'scipy', 'sklearn', 'tensorflow'};"
        " sys.exit(' '.join(sorted(heavy & sys.modules.keys())) or None)"
    )
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr


def test_the_projects_own_params_are_valid() -> None:
    assert load_params().search.trials >= 1


def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path) -> None:
    text = Path("params.yaml").read_text().replace("low: 1.0e-7", "low: 1e-7")
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert load_params(path).search.space.l1.low == 1e-7
