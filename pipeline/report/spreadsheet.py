"""Tables whose texts a spreadsheet shows and does not run as formulas."""

from __future__ import annotations

import pandas as pd

# A cell that starts with one of these may be taken for a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before each text, names of columns too, that could be a formula.

    Numbers stay numbers, and texts that are numbers stay as they are.
    """
    safe = frame.rename(columns=lambda name: _safe(str(name)))
    texts = [name for name in safe.columns if not pd.api.types.is_numeric_dtype(safe[name])]
    return safe.assign(**{name: safe[name].map(_safe_cell) for name in texts})


def _safe_cell(value: object) -> object:
    return _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    if not text.startswith(FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
