"""The report says so where networks were trained on more than one kind of processor."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cluster.processors import machine_words, note_processors
from pipeline.project.machine import machine, processor
from pipeline.project.outputs import PROCESSORS


class Workers:
    """A cluster, as far as it is asked what its workers have."""

    def __init__(self, *processors: str) -> None:
        self.processors = set(processors)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_processor_is_not_worth_a_word() -> None:
    assert machine_words(None) == machine()
    note_processors("tune", "a", None)
    note_processors("evaluate", "b", Workers(processor()))
    assert machine_words(Workers(processor())) == machine()


def test_mixed_processors_are_named() -> None:
    note_processors("tune", "a", Workers("Old", "New"))
    said = machine_words(Workers("New"))
    assert said.startswith(f"{machine()}; networks were trained on 2 kinds of processor")
    assert said.endswith(": New, Old")


def test_notes_last_over_resumed_runs_and_end_with_their_study() -> None:
    note_processors("tune", "a", Workers("Old"))
    note_processors("tune", "a", Workers("New"))
    assert ": New, Old" in machine_words(Workers("New"))
    note_processors("tune", "other", Workers("New"))
    assert machine_words(Workers("New")) == machine()


def test_torn_notes_are_no_notes() -> None:
    PROCESSORS.parent.mkdir()
    PROCESSORS.write_text("{")
    note_processors("tune", "a", Workers("New"))
    assert machine_words(Workers("New")) == machine()
