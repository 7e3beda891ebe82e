"""A chart of intervals about zero, as SVG: better to the left, and coloured by verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.report.figures import svg
from pipeline.report.figures.scale import power_of, round_values, with_unit
from pipeline.report.figures.svg import (
    BAND,
    COLOURS,
    DIAMOND,
    FAINT,
    GREEN,
    INK,
    LINE,
    SQUARE,
    STRIPE,
    Mark,
)
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import fixed, measured, signed

ROW_PX, HEAD_PX, FOOT_PX = 33, 26, 44
# Share of the width to either side of the axis.
MARGIN = 0.03
# Nearer to an end of the width a number would be cut off.
EDGE = 0.06
# An axis reaches so many times as far as the largest estimate; what is beyond ends in an arrow.
REACH = 3.0
# Rows that no verdict is given for.
NO_VERDICT = ""
MARKS = {
    "helps": Mark(COLOURS["tuned"]),
    "hurts": Mark(COLOURS["baseline"], DIAMOND),
    "makes no difference that matters": Mark(GREEN, SQUARE),
    "cannot tell yet": Mark(FAINT, hollow=True),
    "no detectable difference": Mark(FAINT, hollow=True),
    NO_VERDICT: Mark(COLOURS["tuned"]),
}


@dataclass(frozen=True)
class ChartRow:
    """A row of the chart. change: below 0 is better. value: what is written at the right end.

    hover: what pointing at the row shows. strong: whether it is the row that matters most, whose
    interval is shown whole.
    """

    title: str
    change: Interval
    value: str
    verdict: str
    hover: str
    strong: bool = False


@dataclass(frozen=True)
class ChartText:
    """Holds what a chart says about its rows.

    left, right: what lies there, if anything is to be said. sizes: whether ticks have no sign,
    where units differ.
    """

    label: str
    left: str
    right: str
    axis: str
    sizes: bool = False


@dataclass(frozen=True)
class Axis:
    """The axis of changes: its ends, and the places that have a number.

    ticks: in this power of ten.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int
    power: int

    @classmethod
    def over(cls, rows: Sequence[ChartRow], rope: float) -> Axis:
        """Return an axis with zero, the margin that matters to nobody, and the intervals."""
        strong = [row.change for row in rows if row.strong]
        reach = REACH * max(abs(row.change.estimate) for row in rows)
        low = max(min(row.change.low for row in rows), min([-reach, *(c.low for c in strong)]))
        high = min(max(row.change.high for row in rows), max([reach, *(c.high for c in strong)]))
        low, high = min(low, -2 * rope), max(high, 2 * rope)
        if low >= high:
            low, high = -1.0, 1.0
        power = power_of(low, high)
        return cls(low, high, *round_values(low / 10.0**power, high / 10.0**power), power)

    def across(self, value: float) -> float:
        """Return the place of a change as a share of the width."""
        inside = min(max(value, self.low), self.high)
        return MARGIN + (inside - self.low) / (self.high - self.low) * (1 - 2 * MARGIN)


def interval_chart(rows: Sequence[ChartRow], text: ChartText, width: str, rope: float = 0.0) -> str:
    """Draw the rows. width: a number of pixels, or 100%. rope: what matters to nobody, if any."""
    axis = Axis.over(rows, rope)
    given = {row.verdict for row in rows} - {NO_VERDICT}
    verdicts = [verdict for verdict in MARKS if verdict in given]
    names = [verdict.removeprefix("makes ") for verdict in verdicts]
    names += [f"±{measured(rope)} does not matter"] if rope else []
    top = svg.legend_height(names) + HEAD_PX
    bottom = top + ROW_PX * len(rows)
    chart = svg.canvas(text.label, width, bottom + FOOT_PX)
    _legend(chart, verdicts, names)
    for number in range(0, len(rows), 2):
        svg.rectangle(chart, "0", top + ROW_PX * number, "100%", ROW_PX, STRIPE)
    _axis(chart, axis, text, rope, top, bottom)
    for number, row in enumerate(rows):
        _row(chart, row, axis, top + ROW_PX * number)
    return svg.written(chart)


def _legend(chart: ET.Element, verdicts: Sequence[str], names: Sequence[str]) -> None:
    spots = svg.legend_spots(chart, names, 0)
    for place, verdict in zip(spots, verdicts, strict=False):
        svg.shape(place, MARKS[verdict], 9, -4)
    for place in spots[len(verdicts) :]:
        svg.rectangle(place, "2", -11, "14", 14, BAND)


def _axis(
    chart: ET.Element, axis: Axis, text: ChartText, rope: float, top: int, bottom: int
) -> None:
    if rope:
        left, right = axis.across(-rope), axis.across(rope)
        width = svg.percentage(right - left)
        svg.rectangle(chart, svg.percentage(left), top, width, bottom - top, BAND)
    for value in axis.ticks:
        place = axis.across(value * 10.0**axis.power)
        x = svg.percentage(place)
        svg.line(chart, (x, x), (top, bottom), LINE)
        number = fixed(abs(value), axis.digits) if text.sizes else signed(value, axis.digits)
        if EDGE <= place <= 1 - EDGE or not value:
            svg.tick(chart, number if value else "0", x, bottom + 16)
    zero = svg.percentage(axis.across(0))
    svg.line(chart, (zero, zero), (top - 4, bottom), INK, 1.5)
    if text.left:
        svg.text(chart, f"← {text.left}", "0", top - 9, weight="600")
    svg.text(chart, f"{text.right} →", "100%", top - 9, anchor="end", weight="600")
    words = with_unit(text.axis, axis.power)
    svg.text(chart, words, "50%", bottom + 36, anchor="middle", fill=FAINT)


def _row(chart: ET.Element, row: ChartRow, axis: Axis, top: int) -> None:
    change, mark = row.change, MARKS[row.verdict]
    shown = svg.group(chart, row.hover)
    svg.rectangle(shown, "0", top, "100%", ROW_PX, "transparent")
    weight = "700" if row.strong else "400"
    for words, x, dx, anchor in (
        (row.title, "0", "4", "start"),
        (row.value, "100%", "-4", "end"),
    ):
        label = svg.text(shown, words, x, top + 13, dx=dx, anchor=anchor, weight=weight)
        # A halo, so that lines behind a text leave it readable.
        label.attrib |= {"stroke": "#ffffff", "stroke-width": "3", "paint-order": "stroke"}
    y = top + 24
    low, high = (svg.percentage(axis.across(end)) for end in (change.low, change.high))
    svg.line(shown, (low, high), (y, y), mark.colour, 3)
    arrows = ((change.low, low, "M2,-5L-6,0L2,5z"), (change.high, high, "M-2,-5L6,0L-2,5z"))
    for end, place, path in arrows:
        if not axis.low <= end <= axis.high:
            arrow = {"d": path, "fill": mark.colour}
            ET.SubElement(svg.spot(shown, place, y), "path", arrow)
    svg.shape(svg.spot(shown, svg.percentage(axis.across(change.estimate)), y), mark)
