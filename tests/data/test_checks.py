"""Each check finds what it is for, and ordinary tables raise none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.findings import Finding, sentences
from pipeline.data.table import Table
from tests.data.conftest import Load

ROWS = 120


def findings(y: Any = None, **columns: Any) -> tuple[Finding, ...]:
    rng = np.random.default_rng(5)
    labels = np.resize(["no", "yes"], ROWS) if y is None else np.asarray(y)
    noise = rng.normal(size=len(labels))
    frame = pd.DataFrame({"noise": noise, **columns, "y": labels})
    table = Table("toy", "", frame, "y", tuple(sorted(set(labels))))
    return check_table(table, describe(table, None), None)


def test_ordinary_tables_raise_nothing(load: Load) -> None:
    for name in ("breast_cancer", "wine", "iris"):
        table = load(name)
        assert check_table(table, describe(table, None), None) == ()
    assert findings() == ()


LONG = "this is a comment that somebody typed into a form, number "
CASES: dict[str, Any] = {
    "empty": [None] * ROWS,
    "constant": [5] * ROWS,
    "mostly missing": [1.0, *[None] * 3, 2.0, 3.0, *[None] * 4] * (ROWS // 10),
    "id-like": np.random.default_rng(1).permutation(ROWS) + 1000,
    "numbers as text": np.resize(["1", "2.5", "?", "7", "8"], ROWS),
    "dates as text": [f"{n % 27 + 1}/12/2024" for n in range(ROWS)],
    "free text": [f"{LONG}{n}" for n in range(ROWS)],
    "leak": np.resize([1.5, 2.5], ROWS),
}


@pytest.mark.parametrize("check", CASES)
def test_a_check_finds_its_column_and_no_other(check: str) -> None:
    # Three values of each: so that nothing but the case's own column tells the classes apart.
    found = findings(case=CASES[check], plain=np.resize([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], ROWS))
    assert [(one.check, one.column) for one in found] == [(check, "case")]


def test_texts_leak_and_name_rows_too() -> None:
    outcome, ticket = np.resize(["lost", "kept"], ROWS), [f"T{n}" for n in range(ROWS)]
    found = {(one.check, one.column) for one in findings(outcome=outcome, ticket=ticket)}
    assert found == {("leak", "outcome"), ("id-like", "ticket")}


def test_a_column_that_finds_no_rare_class_gives_nothing_away() -> None:
    labels = np.where(np.arange(400) % 100 == 50, "yes", "no")
    found = findings(labels, case=np.resize(["u", "v", "w"], 400))
    assert [finding.check for finding in found] == ["imbalance"]


def test_a_column_of_which_a_large_tree_makes_something_gives_nothing_away() -> None:
    labels = np.where(np.arange(ROWS) // 6 % 2, "yes", "no")
    assert findings(labels, case=np.arange(ROWS) * 1.5) == ()


def test_imbalance_is_said_with_its_share() -> None:
    (found,) = findings(["yes"] * 6 + ["no"] * 114)
    assert found.check == "imbalance"
    assert "class 'yes' has 5.0% of the rows, and always guessing 'no' is right in 95.0%" in (
        found.message
    )
    found_many = findings(["a"] * 58 + ["b"] * 58 + ["c"] * 4)
    assert [one.check for one in found_many] == ["imbalance"]
    # The rule of docs/your-data.md, from both sides.
    assert [one.check for one in findings(["a"] * 80 + ["b"] * 20)] == ["imbalance"]
    assert findings(["a"] * 79 + ["b"] * 21) == ()
    assert findings(["a"] * 58 + ["b"] * 52 + ["c"] * 9) == ()


def test_equal_rows_of_other_classes_are_counted() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["u", "v", None], 60)})
    twins = pd.concat([frame, frame[:7]], ignore_index=True)
    labels = np.resize(["no", "yes"], 60).tolist()
    labels += ["yes" if label == "no" else "no" for label in labels[:7]]
    table = Table("toy", "", twins.assign(y=labels), "y", ("no", "yes"))
    (found,) = check_table(table, describe(table, None), None)
    assert found.check == "contradictions"
    assert found.message.startswith("14 rows are equal")


def test_classes_that_differ_by_case_are_said() -> None:
    found = findings(np.resize(["yes", "no", "Yes "], ROWS))
    assert [one.check for one in found] == ["class names"]


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ("0", "0.0", "how a number is written"),
        ("1", "1.00", "how a number is written"),
        ("1000", "1e3", "how a number is written"),
        ("yes", "yes ", "case or blanks"),
        ("YES", "yes", "case or blanks"),
        ("two words", "two\u00a0 words", "case or blanks"),
        ("cafe\u0301", "caf\u00e9", "case or blanks"),
        ("yes", "yes\u200b", "case or blanks"),
        ("5 %", "5%", "case or blanks"),
        ("1", "1,0", "how a number is written"),
        ("1,000", "1000", "how a number is written"),
        ("-1", "\u22121", "how a number is written"),
        ("not found", "not_found", "marks such as hyphens and quotes"),
        ("well-known", "well\u2010known", "marks such as hyphens and quotes"),
        ("it's", "it\u2019s", "marks such as hyphens and quotes"),
        ("late", "late.", "marks such as hyphens and quotes"),
    ],
)
def test_two_spellings_of_one_class_or_level_are_noted(
    first: str, second: str, difference: str
) -> None:
    words = np.resize(np.array([first, "other", second], object), ROWS)
    wanted = f"{first!r} and {second!r} differ only in {difference}"
    (of_target,) = findings(words)
    assert of_target.check == "class names"
    assert wanted in of_target.message
    labels = np.resize(["no", "yes", "no", "no", "yes", "yes", "no"], ROWS)
    (of_column,) = findings(
        labels, case=np.resize(np.array([first, "other", second, "more", "third"], object), ROWS)
    )
    assert (of_column.check, of_column.column) == ("level names", "case")
    assert wanted in of_column.message


@pytest.mark.parametrize(
    "words",
    [["9007199254740993", "9007199254740992", "a"], ["A", "A+", "A-"], ["<5", ">5", "5"],
     ["C", "C++", "C#"], ["yes", "no"], ["0", "1"], ["1", "10", "100"]],
)  # fmt: skip
def test_what_differs_is_no_other_spelling(words: list[str]) -> None:
    found = findings(np.resize(np.array(words, object), ROWS))
    assert [finding for finding in found if finding.check == "class names"] == []


def test_two_ways_of_writing_yes_and_no_are_noted() -> None:
    found = findings(np.resize(["yes", "y", "no", "n", "yes", "1"], ROWS))
    messages = [finding.message for finding in found if finding.check == "class names"]
    assert len(messages) == 3
    assert all("differ only in how yes and no are written" in message for message in messages)


@pytest.mark.parametrize("gap", ["NA", "nan", "None", " ", "?", "NULL"])
def test_a_class_that_looks_like_a_gap_is_noted(gap: str) -> None:
    (found,) = findings(np.resize(np.array(["no", "yes", gap], object), ROWS))
    assert f"class {gap!r} looks like a gap" in found.message


def test_columns_of_which_the_same_is_said_share_a_sentence() -> None:
    found = findings(**{f"c{n}": [1] * ROWS for n in range(10)}, gone=[None] * ROWS)
    shared, alone = sentences(found)
    assert shared.startswith("'c0', 'c1', 'c2', ")
    assert shared.endswith(" and 2 more: one value in every row; used in images only")
    assert alone == "'gone': no value in any row; not used"


def test_more_columns_than_rows_is_said() -> None:
    rng = np.random.default_rng(3)
    many = {f"c{n}": rng.normal(size=40) for n in range(60)}
    found = findings(np.resize(["no", "yes"], 40), **many)
    assert [one.check for one in found] == ["more columns than rows"]
