"""Every piece of advice that the checks give, obeyed, changes the meaning of no value."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.table import Table
from tests.data.conftest import Load

ROOT = Path(__file__).parents[2]
# The modules whose findings the user reads.
MODULES = ("checks", "column_checks", "inference", "leaks", "looks", "table")
# What makes a message advice.
ADVICE = re.compile(r"data\.\w|\b(set|list|write|give|mend|merge|turn|leave it out|look at|try)\b")
ROWS = 60
GAP = "a gap"


@dataclass(frozen=True)
class Case:
    """A column with whose note the advice comes, and what each of its texts means.

    meanings: a number, a date, GAP if the text stands for no value, or the text itself.
    place: the column is a feature, a feature that is a copy of the target, the target, a target
    with a rare class, or a first column without a name.
    """

    meanings: dict[str, Any]
    place: str = "feature"


def words(*texts: str) -> dict[str, Any]:
    return {text: text for text in texts}


# Of each message, what no other has, and a column that brings it about. A new message fails the
# test until it is listed.
LISTED: dict[str, Case] = {
    "and try train.class_weight: balanced": Case(words("no", "yes"), "rare target"),
    "if they are one class, write them alike": Case(words("1", "1.0", "2"), "target"),
    "looks like a gap; if it stands for no value": Case({"a": "a", "b": "b", "NA": GAP}, "target"),
    "if they are one level, write them alike": Case(words("Oslo", "oslo", "Rome")),
    "like an id; if it is one, leave it out": Case(words(*(f"T{n}" for n in range(ROWS)))),
    "if they are dates, set {}": Case(
        {"20240131": pd.Timestamp(2024, 1, 31), "20231201": pd.Timestamp(2023, 12, 1)}
    ),
    "turn what matters in it into columns": Case(
        words(*(f"somebody typed this comment into a form, number {n}" for n in range(ROWS)))
    ),
    "write data.csv.decimal and data.csv.thousands": Case({"1,283": 1283, "968": 968}),
    "if these are no quantities, set {}": Case(words("5a", "6a", "7a")),
    "if it is not known before the target is": Case(words("kept", "lost"), "copy"),
    "if these are quantities, set {}": Case({"007": 7, "010": 10, "5": 5}),
    "too long to be told apart": Case(words("9007199254740993", "9007199254740992")),
    "write them in one unit if": Case(words("72 kg", "160 lb")),
    "write them in one way": Case(words("1,5", "1.5")),
    "list those that stand for no value, and only those, in data.missing": Case(
        {"1": 1, "2.5": 2.5, "7": 7, "?": GAP, "#DIV/0!": GAP}
    ),
    "write these as plain numbers in the file": Case(words("1", "2", "<5")),
    "write these as true or false in the file": Case(words("true", "false", "type 2")),
    "write each with its zone": Case(words("2024-01-31T10:00", "2024-01-31T10:00Z")),
    "write it like the others, or list it in data.missing if it stands for no value": Case(
        {"2024-01-31": pd.Timestamp(2024, 1, 31), "2024-02-01": pd.Timestamp(2024, 2, 1),
         "soon": GAP}
    ),
    "{} as text; set {}": Case(
        {f"{day:02d}.01.2024": pd.Timestamp(2024, 1, day) for day in range(13, 28)}
    ),
    "give the right one, as in {}": Case(
        {"01/02/2024": pd.Timestamp(2024, 2, 1), "03/04/2024": pd.Timestamp(2024, 4, 3)}
    ),
    "write them as plain numbers in one unit, such as minutes": Case(words("12:30", "9:15")),
    "; write plain numbers in the file": Case(words("5 years old", "6 years old")),
    "to use it, give its type in data.types": Case({str(n): n for n in range(ROWS)}, "unnamed"),
}  # fmt: skip


def messages(path: Path) -> Iterator[str]:
    """Every text in a module, with {} for what is filled in; no docstrings."""
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    inner = {
        id(part)
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    inner |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if id(node) in inner:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}"
                for part in node.values  # noqa: PD011
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def advice() -> set[str]:
    """Every message of these modules that gives advice and does not stop the run."""
    found = {
        message
        for module in MODULES
        for message in messages(ROOT / f"pipeline/data/{module}.py")
        if ADVICE.search(message)
    }
    errors = {message for message in found if ", want " in message}
    keys = {message for message in found if re.fullmatch(r"\w+\.\w+", message)}
    return found - errors - keys


def written(case: Case, path: Path) -> list[str]:
    """Write the case's table, and return its column's texts by row."""
    texts = [*case.meanings]
    cells = [texts[n % len(texts)] for n in range(ROWS)]
    if case.place == "rare target":
        cells = [texts[n % 20 == 0] for n in range(ROWS)]
    labels = ["ab"[n * n % 7 % 2] for n in range(ROWS)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        name = {"target": "y", "rare target": "y", "unnamed": ""}.get(case.place, "x")
        writer.writerow([name, "noise", *(["y"] if name != "y" else [])])
        for n, cell in enumerate(cells):
            label = cell if case.place == "copy" else labels[n]
            writer.writerow([cell, n * 7 % 11, *([label] if name != "y" else [])])
    return cells


def fetched(load: Load, path: Path, **data: Any) -> tuple[Table, list[str]]:
    usual: dict[str, Any] = {"target": "y", "types": {}, "missing": [""], "csv": {}, "drop": []}
    table = load(path, **usual | data)
    found = (*table.findings, *check_table(table, describe(table, None), None))
    return table, [finding.message for finding in found]


def obeyed(message: str, case: Case) -> dict[str, Any]:
    """Return the parameters of a user who does what the message says."""
    if kinds := re.search(r"data\.types: (\{.*\})$", message):
        return {"types": YAML(typ="safe").load(kinds[1])}
    if "data.missing" in message:
        shown = [text for text in case.meanings if repr(text) in message]
        # Those who list all that is shown lose no number.
        plain = [re.sub(r"#[A-Z]+/0!", "", text) for text in shown if "only those" in message]
        assert not any(letter.isdigit() for text in plain for letter in text)
        return {"missing": ["", *(text for text in shown if case.meanings[text] is GAP)]}
    if "data.csv" in message:
        return {"csv": {"decimal": ".", "thousands": ","}}
    if "data.types" in message:
        return {"types": {"column 1": "number"}}
    if "data.drop" in message:
        assert re.search(r"\bif it is\b|, or leave it out", message)
        return {"drop": ["x"]}
    return {}


@pytest.mark.parametrize("fragment", LISTED)
def test_advice_that_is_obeyed_keeps_what_values_mean(
    load: Load, tmp_path: Path, fragment: str
) -> None:
    case, path = LISTED[fragment], tmp_path / "t.csv"
    cells = written(case, path)
    _, messages = fetched(load, path)
    pattern = ".+".join(map(re.escape, fragment.split("{}")))
    (message, *_) = [message for message in messages if re.search(pattern, message)]
    changes = obeyed(message, case)
    table, _ = fetched(load, path, **changes)
    if "drop" in changes:
        assert list(table.frame) == ["noise", "y"]
        return
    name = {"target": "y", "rare target": "y", "unnamed": "column 1"}.get(case.place, "x")
    values = table.frame[name].tolist()
    if name == "y":
        # Rows without a label are left out, as the message says.
        cells = [cell for cell in cells if changes == {} or case.meanings[cell] is not GAP]
    for cell, value in zip(cells, values, strict=True):
        meaning = case.meanings[cell]
        assert (
            pd.isna(value)
            if meaning is GAP and changes
            else value == meaning or (not changes and value == cell)
        )


def test_every_piece_of_advice_is_listed() -> None:
    messages = advice()
    for message in messages:
        assert len([fragment for fragment in LISTED if fragment in message]) == 1, message
    for fragment in LISTED:
        assert any(fragment in message for message in messages), fragment
