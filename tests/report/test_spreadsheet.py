from __future__ import annotations

import pandas as pd
import pytest

from pipeline.report.spreadsheet import spreadsheet_safe


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\r=x"])
def test_texts_that_could_be_formulas_get_an_apostrophe(text: str) -> None:
    safe = spreadsheet_safe(pd.DataFrame({text: [text, "plain"], "n": [1.0, -2.0]}))
    assert list(safe.columns) == [f"'{text}", "n"]
    assert safe.iloc[:, 0].tolist() == [f"'{text}", "plain"]
    assert safe["n"].tolist() == [1.0, -2.0]


def test_numbers_in_words_stay_numbers() -> None:
    safe = spreadsheet_safe(pd.DataFrame({"class": ["-1", "+1", "1e-5"]}))
    assert safe["class"].tolist() == ["-1", "+1", "1e-5"]
