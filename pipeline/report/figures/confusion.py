"""Charts of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.figures import svg
from pipeline.report.figures.svg import FAINT, INK
from pipeline.text.numbers import counted, percent

TITLE_PX, HEAD_PX, MARGIN_PX = 22, 22, 4
# Share of the width for the names of the rows.
NAMES = 0.3
# Cells shrink with the number of classes; from some number on they have no room for a count, and
# columns none for a name.
TALL_PX, LOW_PX, FEW, SOME = 40, 20, 4, 12
LETTERS, FEW_LETTERS = 12, 9
# The colour of a cell that all rows of a class are in.
DARK = (0, 90, 156)


def confusion(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], title: str, width: str
) -> str:
    """Draw the number of rows by actual class, from top to bottom, and predicted class."""
    size = len(classes)
    row_px = TALL_PX if size <= FEW else LOW_PX
    top = TITLE_PX + 2 * HEAD_PX
    chart = svg.canvas(f"Confusion matrix, {title}", width, top + row_px * size + MARGIN_PX)
    svg.text(chart, title, "0", 15, weight="700")
    column = (1 - NAMES) / size
    middle = svg.percentage(NAMES + (1 - NAMES) / 2)
    svg.text(chart, "predicted →", middle, TITLE_PX + 15, anchor="middle", fill=FAINT)
    svg.text(chart, "actual ↓", "0", TITLE_PX + HEAD_PX + 15, fill=FAINT)
    for number, name in enumerate(classes):
        place = svg.percentage(NAMES + column * (number + 0.5))
        short = _short(name, FEW_LETTERS) if size <= FEW else str(number) if size <= SOME else ""
        label = svg.text(chart, short, place, TITLE_PX + HEAD_PX + 15, anchor="middle")
        label.set("class", "tick")
    for number, (name, counts) in enumerate(zip(classes, matrix, strict=True)):
        y = top + row_px * number
        numbered = f"{number} {name}" if FEW < size <= SOME and name != str(number) else name
        svg.text(chart, _short(numbered, LETTERS), "0", y + row_px / 2 + 5)
        for at, count in enumerate(counts):
            share = count / max(1, sum(counts))
            cell = svg.group(
                chart,
                f"actual {name}, predicted {classes[at]}: {counted(count, 'row')},"
                f" {percent(share)} of the class",
            )
            left = svg.percentage(NAMES + column * at)
            svg.rectangle(cell, left, y, svg.percentage(column), row_px, _shade(share)).attrib |= {
                "stroke": "#ffffff"
            }
            if size <= SOME:
                ink = "#ffffff" if share > 0.5 else INK
                place = svg.percentage(NAMES + column * (at + 0.5))
                svg.text(cell, f"{count:,}", place, y + row_px / 2 + 5, anchor="middle", fill=ink)
    return svg.written(chart)


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _shade(share: float) -> str:
    """Return a colour between nearly white and dark."""
    red, green, blue = (round(244 - (244 - dark) * share) for dark in DARK)
    return f"#{red:02x}{green:02x}{blue:02x}"
