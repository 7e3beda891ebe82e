from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from pipeline.search.storage import open_storage


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at" * 9, b"\0" * 99])
def test_corrupt_database_is_named_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    file = tmp_path / "optuna.db"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"optuna\.db: cannot be used .* mv "):
        open_storage(file)
    assert file.read_bytes() == content


def test_address_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTUNA_STORAGE", "sqlite:////nowhere/at/all.db")
    with pytest.raises(InputError, match="OPTUNA_STORAGE: the study database cannot be used"):
        open_storage(tmp_path / "optuna.db")
    assert not (tmp_path / "optuna.db").exists()
