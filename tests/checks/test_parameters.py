from __future__ import annotations

from typing import Any

from checks import parameters

TEXT = (parameters.ROOT / "params.yaml").read_text()


def test_the_page_is_written_from_what_holds_now() -> None:
    assert parameters.reference(TEXT) == parameters.PAGE.read_text(), (
        "python -m checks.parameters --write"
    )


def test_every_key_is_on_the_page_with_what_it_may_be(raw_params: dict[str, Any]) -> None:
    page = parameters.PAGE.read_text()
    for key in leaves(raw_params):
        (line,) = (line for line in page.splitlines() if line.startswith(f"- `{key}`: "))
        assert "see above" not in line, f"{key}: its type has no description"
        assert "; default `" in line


def leaves(values: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        found += leaves(value, f"{key}.") if isinstance(value, dict) and value else [key]
    return found


def test_a_changed_comment_or_default_changes_the_page() -> None:
    page = parameters.reference(
        TEXT.replace("trials: 100", "trials: 7").replace("# Adam's learning rate.", "# How fast.")
    )
    assert "- `search.trials`: a whole number from 1 to 1000000; default `7`." in page
    assert "\n\nHow fast.\n\n### train.schedule" in page
