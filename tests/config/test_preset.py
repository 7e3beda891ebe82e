from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.config.preset import apply

ROOT = Path(__file__).parents[2]


@pytest.fixture
def params(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "params.yaml", tmp_path))


def flat(values: Any, key: str = "") -> dict[str, Any]:
    if isinstance(values, dict):
        return {k: v for name in values for k, v in flat(values[name], f"{key}.{name}").items()}
    return {key: values}


@pytest.mark.parametrize("preset", sorted((ROOT / "presets").glob("*.yaml")))
def test_a_preset_changes_its_values_and_nothing_else(params: Path, preset: Path) -> None:
    before, text = flat(YAML(typ="safe").load(params)), params.read_text()
    apply(preset.stem, params, preset.parent)
    overlay = flat(YAML(typ="safe").load(preset))
    assert flat(YAML(typ="safe").load(params)) == before | overlay
    load_params(params)

    def comments(of: str) -> list[str]:
        return [line for line in of.splitlines() if line.strip().startswith("#")]

    assert comments(params.read_text()) == comments(text)
    assert "null" in params.read_text()


def test_mnist_is_the_reference_experiment(params: Path) -> None:
    apply("mnist", params, ROOT / "presets")
    read = load_params(params)
    assert [(layer.units, layer.dropout) for layer in read.network.layers] == [
        (128, True),
        (64, True),
    ]
    assert read.train.batch_size == 64
    assert (read.data.source, read.data.scale, read.split.role) == ("mnist", "image", "role")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("train: {batch_size: 0}", "mine", "train.batch_size is 0, want"),
        ("train: {bach_size: 8}", "mine", "train.bach_size is unknown"),
        ("train: {batch_size: 8}", "mien", "no preset 'mien', want one that is there. Did you"),
        ("- 1", "mine", "want sections"),
        ("train: [", "mine", "is not YAML"),
    ],
)
def test_a_wrong_preset_changes_nothing(
    params: Path, tmp_path: Path, text: str, name: str, message: str
) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets/mine.yaml").write_text(text)
    before = params.read_bytes()
    with pytest.raises(InputError) as caught:
        apply(name, params, tmp_path / "presets")
    assert message in str(caught.value)
    assert params.read_bytes() == before
