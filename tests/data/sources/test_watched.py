from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.errors import InputError
from pipeline.data.sources.files import find_files
from pipeline.data.sources.watched import link_outside


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table outside the project that is the working folder."""
    (tmp_path / "project/tables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    table = tmp_path / "elsewhere/churn.csv"
    table.parent.mkdir()
    table.write_text("x,y\n1,a\n")
    return table


def links() -> list[Path]:
    return sorted(Path("tables").rglob("*"))


def test_table_elsewhere_is_linked_and_may_be_read(elsewhere: Path) -> None:
    with pytest.raises(InputError, match=r"not in data\.watch = tables, want it there"):
        find_files(str(elsewhere), "tables")
    for _ in range(2):
        link = link_outside(str(elsewhere), "tables")
        assert link == Path("tables/linked/churn.csv")
        assert link.read_text() == elsewhere.read_text()
        assert find_files(str(elsewhere), "tables") == [elsewhere]


def test_another_source_takes_the_link_away(elsewhere: Path) -> None:
    link_outside(str(elsewhere), "tables")
    same_name = elsewhere.parent / "newer" / "churn.csv"
    same_name.parent.mkdir()
    same_name.write_text("x,y\n2,b\n")
    assert link_outside(str(same_name), "tables")
    assert [path.read_text() for path in links() if path.is_file()] == ["x,y\n2,b\n"]
    with pytest.raises(InputError, match=r"not in data\.watch"):
        find_files(str(elsewhere), "tables")
    elsewhere.unlink()
    for source in ("breast_cancer", "tables/churn.csv", str(elsewhere), "https://a.b/churn.csv"):
        link_outside(str(same_name), "tables")
        assert link_outside(source, "tables") is None
        assert links() == []


def test_what_lies_in_the_watched_folder_is_not_linked(elsewhere: Path) -> None:
    inside = Path("tables/churn.csv").absolute()
    inside.write_text("x,y\n1,a\n")
    assert link_outside(str(inside), "tables") is None
    assert link_outside(str(elsewhere), str(elsewhere.parent)) is None
    assert link_outside(str(elsewhere), str(elsewhere)) is None
    assert links() == [Path("tables/churn.csv")]
    assert list(elsewhere.parent.iterdir()) == [elsewhere]


def test_foreign_folder_is_not_written_to(elsewhere: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert link_outside(str(elsewhere), str(other)) is None
    assert list(other.iterdir()) == []


def test_path_of_another_machine_is_named_as_such(elsewhere: Path) -> None:
    gone = elsewhere.with_name("gone.csv")
    with pytest.raises(InputError, match=r"no such file.* of one machine; or copy .* tables/\."):
        find_files(str(gone), "tables")
