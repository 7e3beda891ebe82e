from __future__ import annotations

import pytest

from checks import architecture


def test_the_page_is_drawn_from_what_holds_now() -> None:
    page = architecture.PAGE.read_text()
    assert architecture.redraw(page) == page, "python -m checks.architecture --write"
    assert page.count("```mermaid") == 2


def test_a_changed_contract_changes_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    page = architecture.PAGE.read_text()
    layers = architecture.read_layers()
    assert layers[0] == ["stages", "commands"]
    monkeypatch.setattr(architecture, "read_layers", lambda: [layers[1], layers[0], *layers[2:]])
    redrawn = architecture.redraw(page)
    assert redrawn.index('["tracking"]') < redrawn.index('["stages | commands"]')
    assert page.index('["tracking"]') > page.index('["stages | commands"]')
