"""Which parameters and which code begin another study, and which go on with the same."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.config.errors import InputError
from pipeline.config.params import parse_params
from pipeline.project.imports import PACKAGE
from pipeline.search import fingerprint as module
from pipeline.search.fingerprint import fingerprint
from pipeline.tasks.known import TASKS

ROOT = Path(__file__).parents[2]
DEFAULTS = YAML(typ="safe").load(ROOT / "params.yaml")

# Another value of each leaf of params.yaml. These change what a trial draws or scores …
CHANGING: dict[str, Any] = {
    "seed": 43,
    "data.scale": "standard",
    "data.target_transform": "log1p",
    "data.categories.rare": 0.02,
    "data.categories.most": 40,
    "network.layers.0.units": 31,
    "network.layers.0.activation": "tanh",
    "network.layers.0.dropout": True,
    "network.layers.0.penalty": False,
    "network.layers.1.units": 301,
    "network.layers.1.activation": "tanh",
    "network.layers.1.dropout": False,
    "network.layers.1.penalty": False,
    "network.layers.2.units": 101,
    "network.layers.2.activation": "tanh",
    "network.layers.2.dropout": True,
    "network.layers.2.penalty": False,
    "network.penalize_output": True,
    "network.batch_norm": True,
    "network.builder": "networks/skip.py:build",
    "train.batch_size": 64,
    "train.max_epochs": 99,
    "train.learning_rate": 0.002,
    "train.schedule": "cosine",
    "train.class_weight": "balanced",
    "train.loss": "huber",
    "train.huber_delta": 1.5,
    "train.l1": "proximal",
    "search.batch": 4,
    "search.space.dropout.low": 0.1,
    "search.space.dropout.high": 0.6,
    "search.space.dropout.log": (True, {"search.space.dropout.low": 0.1}),
    "search.space.l1.low": 1e-8,
    "search.space.l1.high": 1e-3,
    "search.space.l1.log": False,
    "search.space.l2.low": 1e-8,
    "search.space.l2.high": 1e-3,
    "search.space.l2.log": False,
    "search.space.patience.low": 4,
    "search.space.patience.high": 30,
    "baseline.dropout": 0.1,
    "baseline.l1": 1e-4,
    "baseline.l2": 1e-4,
    "baseline.patience": 5,
    "baseline.weight_decay": 0.1,
    "baseline.max_norm": 3.0,
    "baseline.label_smoothing": 0.1,
    "baseline.mixup": 0.2,
    "baseline.input_noise": 0.1,
    "baseline.averaging": 0.9,
    "baseline.learning_rate": 0.01,
}
# … and these do not: they act through the data, whose bytes count, or on other stages, …
KEEPING: dict[str, Any] = {
    "data.source": "wine",
    "data.watch": "other",
    "network.watch": "other",
    "data.sheet": "Customers",
    "data.query": ("SELECT 1", {"data.source": "sql:SOME_URL"}),
    "data.target": "diagnosis",
    "data.task": "classification",
    "data.positive": "malignant",
    "data.keep": ["mean radius"],
    "data.drop": ["mean radius"],
    "data.types": {"mean radius": "number"},
    "data.missing.0": "-",
    "data.csv.delimiter": ";",
    "data.csv.encoding": "latin-1",
    "data.csv.decimal": ",",
    "data.csv.thousands": ".",
    "data.max_mb": 8,
    "data.timeout_s": 5,
    "split.train": (0.6, {"split.val": 0.25}),
    "split.val": (0.25, {"split.train": 0.6}),
    "split.test": (0.25, {"split.train": 0.6}),
    "split.folds": 4,
    "split.group": "shop",
    "split.role": "role",
    "split.rows": 300,
    "split.seed": 43,
    "search.trials": 150,
    "evaluate.folds": 4,
    "evaluate.repeats": 3,
    "evaluate.inner_folds": 4,
    "evaluate.trials": 30,
    "evaluate.strengths": 4,
    "evaluate.seeds": 3,
    "evaluate.rows": 300,
    "compare.seeds": 10,
    "compare.resamples": 500,
    "compare.confidence": 0.9,
    "compare.ablation": False,
    "compare.curve_points": 3,
    "compare.bootstrap_sets": 40,
    "compare.reference_repeats": 50,
    "compare.published.data": "mnist",
    "compare.published.scale": "standard",
    "compare.published.layers.0.units": 31,
    "compare.published.layers.1.units": 301,
    "compare.published.layers.1.dropout": False,
    "compare.published.layers.2.units": 101,
    "compare.published.rate": 0.4,
    "compare.published.epochs": 11,
    "compare.published.batch_size": 64,
    "compare.published.test_rows": 87,
    "compare.published.accuracy_without": 0.98,
    "compare.published.accuracy_with": 0.98,
    "compare.rows": 1000,
    "compare.rope": 0.02,
    "compare.coverage": 0.8,
    "gate.metric": "brier",
    "gate.margin": 0.2,
    "gate.error_rate": 0.1,
    "gate.resamples": 500,
    **{f"gate.floors.{name}": 0.5 for task in TASKS.values() for name in task.names},
    "gate.calibration": 0.3,
    "gate.slices.min_rows": 30,
    "gate.slices.drop": 0.3,
    "gate.findings.0": "duplicates",
    "gate.clean": False,
    "gate.on_refusal": "fail",
    "gate.on_trouble": "flag",
    "drift.min_rows": 60,
    "drift.error_rate": 0.05,
    "drift.bins": 5,
    "drift.psi.warn": 0.2,
    "drift.psi.stop": 0.5,
    "drift.missing.warn": 0.1,
    "drift.missing.stop": 0.5,
    "drift.unseen.warn": 0.1,
    "drift.unseen.stop": 0.5,
    "drift.classes.warn": 0.2,
    "drift.classes.stop": 0.5,
    "drift.errors.warn": 0.1,
    "drift.errors.stop": 0.5,
    "drift.schema_change": "warn",
    "tracking.model_name": "other",
}


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path


def place(raw: dict[str, Any], leaf: str, value: Any) -> None:
    *way, last = (int(key) if key.isdecimal() else key for key in leaf.split("."))
    for key in way:
        raw = raw[key]
    raw[last] = value  # type: ignore[index]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("train.parquet", "val.parquet")]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def changed(leaf: str, value: Any, files: list[Path]) -> bool:
    """Say whether another value of a leaf begins another study.

    value: the other value, or that and the values of other leaves that it requires; the study
    before has these too.
    """
    raw = copy.deepcopy(DEFAULTS)
    value, others = value if isinstance(value, tuple) else (value, {})
    for other, needed in others.items():
        place(raw, other, needed)
    before = raw if _valid(raw) else DEFAULTS
    old = fingerprint(parse_params(copy.deepcopy(before)), files)
    place(raw, leaf, value)
    return fingerprint(parse_params(raw), files) != old


def _valid(raw: dict[str, Any]) -> bool:
    try:
        parse_params(copy.deepcopy(raw))
    except InputError:
        return False
    return True


def test_each_parameter_is_listed() -> None:
    """List a new parameter above, by whether it changes what a trial draws or scores."""
    assert {*CHANGING, *KEEPING} == set(leaves(DEFAULTS))
    assert not set(CHANGING) & set(KEEPING)


@pytest.mark.parametrize("leaf", CHANGING)
def test_parameter_begins_another_study(leaf: str, files: list[Path]) -> None:
    assert changed(leaf, CHANGING[leaf], files)


@pytest.mark.parametrize("leaf", KEEPING)
def test_parameter_goes_on_with_the_study(leaf: str, files: list[Path]) -> None:
    assert not changed(leaf, KEEPING[leaf], files)


def test_techniques_that_are_off_leave_no_trace(files: list[Path]) -> None:
    """A new technique does not begin another study where it is not used."""
    raw = copy.deepcopy(DEFAULTS)
    new = [name for name in raw["baseline"] if name not in raw["search"]["space"]]
    assert new
    for name in new:
        del raw["baseline"][name]
    del raw["train"]["l1"]
    old = fingerprint(parse_params(raw), files)
    assert fingerprint(parse_params(copy.deepcopy(DEFAULTS)), files) == old
    assert "weight_decay" not in parse_params(copy.deepcopy(DEFAULTS)).baseline.model_dump()


def test_another_byte_of_the_data_begins_another_study(files: list[Path]) -> None:
    params = parse_params(copy.deepcopy(DEFAULTS))
    old = fingerprint(params, files)
    files[1].write_bytes(b"one row more")
    assert fingerprint(params, files) != old


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the pipeline's code that a test may change."""
    return Path(shutil.copytree(PACKAGE, tmp_path / PACKAGE.name))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("training/adam.py", "0.999", "0.99"),
        ("training/stack.py", "stopping.kept_epoch,", "stopping.kept_epoch + 0,"),
        ("data/rows/__init__.py", "LARGEST = 1e30", "LARGEST = 1e29"),
        # A module that its neighbour imports relatively.
        ("data/rows/cells.py", '"yes", "t"', '"yes", "ja"'),
        ("tasks/classification.py", "1.0, -1.0", "1.0, -2.0"),
        ("search/space.py", "limits.low, limits.high)", "limits.low, limits.high + 1)"),
    ],
)
def test_code_that_computes_a_score_begins_another_study(
    package: Path, file: str, old: str, new: str
) -> None:
    before = module.code_digests(package=package)
    edit(package / file, old, new)
    assert module.code_digests(package=package) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("search/views/plots.py", '"Epoch"', '"Epochs"'),
        ("report/sections/method.py", '"""', '"""Reworded. '),
        ("training/keras_trainer.py", "verbose=0", "verbose=2"),
        ("training/adam.py", '"""', '"""Reworded. '),
        ("training/adam.py", "from __future__", "# why\nfrom __future__"),
    ],
)
def test_labels_comments_and_docstrings_go_on_with_the_study(
    package: Path, file: str, old: str, new: str
) -> None:
    before = module.code_digests(package=package)
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new, 1))
    assert module.code_digests(package=package) == before


def test_code_in_a_new_folder_counts_as_soon_as_it_is_imported(package: Path) -> None:
    deep = package / "training/deep"
    deep.mkdir()
    (deep / "__init__.py").touch()
    (deep / "step.py").write_text("SIZE = 1\n")
    before = module.code_digests(package=package)
    assert "training/deep/step.py" not in before
    with (package / "training/stack.py").open("a") as stack:
        stack.write("\n\ndef size():\n    from pipeline.training.deep.step import SIZE\n")
    imported = module.code_digests(package=package)
    (deep / "step.py").write_text("SIZE = 2\n")
    assert (
        module.code_digests(package=package)["training/deep/step.py"]
        != imported["training/deep/step.py"]
    )


def test_version_of_a_library_counts(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    params = parse_params(copy.deepcopy(DEFAULTS))
    old = fingerprint(params, files)
    monkeypatch.setattr(module, "version", lambda name: f"{name} of tomorrow")
    assert fingerprint(params, files) != old
