from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.editor import edit_params
from pipeline.config.errors import InputError
from pipeline.config.params import load_params

ROOT = Path(__file__).parents[2]
TRIALS = {"search": {"trials": 7}}


@pytest.fixture
def params(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "params.yaml", tmp_path))


def changed_lines(before: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
    old, new = before.split(b"\n"), after.split(b"\n")
    assert len(old) == len(new)
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  trials: 100", "  trials: 100   # few"),
        ("  trials: 100", "  'trials': 100"),
        ("\n", "\r\n"),
        ("seed: 42\n", "seed: &seed 42\n"),
        ("  seed: 42\n", "      seed: 42\n"),
        ("  source: breast_cancer", '  source: "breast_cancer"'),
        ("# The manual", "\ufeff# The manual"),
        ("# The manual", "---\n# Grüße, 100 %: the manual"),
        ("search:\n", "search:\n\n  # trials: 5, was too few\n"),
    ],
)
def test_one_value_changes_and_no_other_byte(params: Path, old: str, new: str) -> None:
    text = params.read_text(encoding="utf-8")
    assert old in text
    # Every line end, and else the first place.
    text = text.replace(old, new, -1 if old == "\n" else 1)
    if old == "  seed: 42\n":
        text = indented(text)
    params.write_bytes(text.encode())
    assert edit_params(TRIALS, "--trials", params)
    ((line, edited),) = changed_lines(text.encode(), params.read_bytes())
    assert edited == line.replace(b"100", b"7", 1)
    assert load_params(params).search.trials == 7
    assert not edit_params(TRIALS, "--trials", params)


def indented(text: str) -> str:
    """The section `split` indented by six, which is YAML as well."""
    before, rest = text.split("split:\n", 1)
    section, after = rest.split("\nnetwork:", 1)
    lines = [line if line.startswith("      ") else f"    {line}" for line in section.split("\n")]
    return f"{before}split:\n" + "\n".join(lines).rstrip() + f"\n\nnetwork:{after}"


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"search": {"trials": "many"}}, "--trials: search.trials is 'many', want a whole number"),
        ({"search": {"trials": 0}}, "--trials: search.trials is 0, want a whole number"),
        ({"search": {"trials": True}}, "--trials: search.trials is true, want a whole number"),
        ({"search": 3}, "--trials: search is 3, want a section"),
        ({"search": {"trails": 3}}, "--trials: search.trails is unknown"),
    ],
)
def test_a_wrong_value_is_one_line_and_changes_nothing(
    params: Path, overlay: dict[str, Any], message: str
) -> None:
    before = params.read_bytes()
    with pytest.raises(InputError) as caught:
        edit_params(overlay, "--trials", params)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert params.read_bytes() == before
    assert list(params.parent.iterdir()) == [params]


@pytest.mark.parametrize("text", ["search: [", "", "search: {trials: 1, trials: 2}", None])
def test_a_file_that_cannot_be_edited_is_named(params: Path, text: str | None) -> None:
    if text is None:
        params.unlink()
    else:
        params.write_text(text)
    with pytest.raises(InputError, match=r"^\S*/params\.yaml: "):
        edit_params(TRIALS, "--trials", params)
    assert text is None or params.read_text() == text


@pytest.mark.parametrize("value", ["yes", "null", "1e3", "a: b # c", "it's", "ü", " x ", "[1]"])
def test_texts_stay_texts(params: Path, value: str) -> None:
    before = params.read_bytes()
    edit_params({"data": {"source": value}}, "test", params)
    assert load_params(params).data.source == value
    assert len(changed_lines(before, params.read_bytes())) == 1


def test_lists_and_new_keys_keep_the_comments(params: Path) -> None:
    text = params.read_text()
    layers = [{"units": 5, "dropout": True}]
    edit_params(
        {"network": {"layers": layers}, "data": {"types": {"zip": "category"}}, "seed": 1},
        "test",
        params,
    )
    read = load_params(params)
    assert [layer.units for layer in read.network.layers] == [5]
    assert (read.data.types, read.seed) == ({"zip": "category"}, 1)

    def comments(of: str) -> list[str]:
        return [line for line in of.splitlines() if line.strip().startswith("#")]

    assert comments(params.read_text()) == comments(text)


def test_a_link_stays_a_link_and_permissions_stay(params: Path, tmp_path: Path) -> None:
    params.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(params)
    edit_params(TRIALS, "test", link)
    assert link.is_symlink()
    assert load_params(params).search.trials == 7
    assert params.stat().st_mode & 0o777 == 0o640
