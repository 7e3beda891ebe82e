"""The messages that docs/troubleshooting.md quotes are those that the code gives."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from checks.parameters import ROOT

PAGE = (ROOT / "docs/troubleshooting.md").read_text()
QUOTED = re.findall(r"^> (.+)$", PAGE, re.MULTILINE)
GAP = "…"


def messages() -> Iterator[str]:
    """Yield each text in the code, with a gap where a value is put in; and the Makefile's."""
    for file in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else GAP
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    yield (ROOT / "Makefile").read_text()


TEXTS = list(messages())


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_one_of_the_code(quoted: str) -> None:
    parts = [re.escape(part) for part in quoted.split(GAP)]
    wanted = re.compile(".*?".join(parts), re.DOTALL)
    assert any(wanted.search(text) for text in TEXTS), f"no code says: {quoted}"


def test_messages_are_quoted_and_an_unknown_one_would_be_noticed() -> None:
    assert len(QUOTED) > 20
    unknown = re.compile(re.escape("data.target is void"))
    assert not any(unknown.search(text) for text in TEXTS)
