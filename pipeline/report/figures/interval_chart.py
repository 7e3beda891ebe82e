"""A chart of intervals about zero, as SVG: better to the left, and coloured by verdict.

Places across are percentages and all else is in pixels, so the chart fills any width and its text
keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.etree import ElementTree as ET

from pipeline.report.figures.canvas import COLOURS, GREEN
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import fixed, signed

TEXT_PX = 13
ROW_PX, LEGEND_PX, HEAD_PX, FOOT_PX = 33, 22, 26, 44
MARGIN_PERCENT = 3.0
MOST_TICKS = 6
# An axis reaches so many times as far as the largest estimate; what is beyond ends in an arrow.
REACH = 3.0
INK, FAINT, LINE, BAND, STRIPE = "#1b1f24", "#57606a", "#d0d7de", "#e3e8ee", "#f6f8fa"
_CIRCLE = "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z"
_DIAMOND, _SQUARE = "M0,-6L6,0L0,6L-6,0z", "M-4.5,-4.5h9v9h-9z"


@dataclass(frozen=True)
class Mark:
    """How a verdict looks: by shape too, for those who see no colours."""

    colour: str
    shape: str
    hollow: bool = False


MARKS = {
    "helps": Mark(COLOURS["tuned"], _CIRCLE),
    "hurts": Mark(COLOURS["baseline"], _DIAMOND),
    "makes no difference that matters": Mark(GREEN, _SQUARE),
    "cannot tell yet": Mark(FAINT, _CIRCLE, hollow=True),
    "no detectable difference": Mark(FAINT, _CIRCLE, hollow=True),
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
    """What a chart says about its rows. sizes: whether ticks have no sign, where units differ."""

    label: str
    left: str
    right: str
    axis: str
    sizes: bool = False


@dataclass(frozen=True)
class Axis:
    """The axis of changes: its ends, and the places that have a number."""

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int

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
        step = _round_step((high - low) / MOST_TICKS)
        ticks = tuple(step * place for place in range(ceil(low / step), floor(high / step) + 1))
        return cls(low, high, ticks, max(0, -floor(log10(step))))

    def across(self, value: float) -> float:
        """Return the place of a change as a percentage of the width."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return MARGIN_PERCENT + share * (100 - 2 * MARGIN_PERCENT)


def interval_chart(rows: Sequence[ChartRow], text: ChartText, width: str, rope: float = 0.0) -> str:
    """Draw the rows. width: a number of pixels, or 100%. rope: what matters to nobody, if any."""
    scale = Axis.over(rows, rope)
    verdicts = [verdict for verdict in MARKS if verdict in {row.verdict for row in rows}]
    top = LEGEND_PX * ceil((len(verdicts) + (rope > 0)) / 2) + HEAD_PX
    bottom = top + ROW_PX * len(rows)
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": str(bottom + FOOT_PX),
            "role": "img",
            "aria-label": text.label,
            "font-family": "system-ui, -apple-system, 'Segoe UI', sans-serif",
            "font-size": str(TEXT_PX),
            "fill": INK,
        },
    )
    _rectangle(svg, "0", 0, "100%", bottom + FOOT_PX, "#ffffff")
    _legend(svg, verdicts, rope)
    for number in range(0, len(rows), 2):
        _rectangle(svg, "0", top + ROW_PX * number, "100%", ROW_PX, STRIPE)
    _axis(svg, scale, text, rope, top, bottom)
    for number, row in enumerate(rows):
        _row(svg, row, scale, top + ROW_PX * number)
    return ET.tostring(svg, encoding="unicode")


def _round_step(least: float) -> float:
    """Return the smallest step of 1, 2 or 5 times a power of ten that is no smaller."""
    power = 10.0 ** floor(log10(least))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least))


def _legend(svg: ET.Element, verdicts: Sequence[str], rope: float) -> None:
    for place, verdict in enumerate(verdicts):
        spot = _spot(svg, *_legend_place(place))
        _shape(spot, MARKS[verdict], 7, -4)
        _text(spot, verdict.removeprefix("makes "), "0", 0, dx="18")
    if rope:
        spot = _spot(svg, *_legend_place(len(verdicts)))
        _rectangle(spot, "0", -11, "14", 14, BAND)
        _text(spot, f"±{rope:g}: matters to nobody", "0", 0, dx="18")


def _legend_place(number: int) -> tuple[str, float]:
    return f"{50 * (number % 2)}%", LEGEND_PX * (number // 2) + 14


def _axis(
    svg: ET.Element, scale: Axis, text: ChartText, rope: float, top: int, bottom: int
) -> None:
    if rope:
        left, right = scale.across(-rope), scale.across(rope)
        _rectangle(svg, f"{left:.2f}%", top, f"{right - left:.2f}%", bottom - top, BAND)
    for tick in scale.ticks:
        x = f"{scale.across(tick):.2f}%"
        _line(svg, x, x, top, bottom, LINE, 1)
        number = fixed(abs(tick), scale.digits) if text.sizes else signed(tick, scale.digits)
        number = number if tick else "0"
        _text(svg, number, x, bottom + 16, anchor="middle").set("class", "tick")
    zero = f"{scale.across(0):.2f}%"
    _line(svg, zero, zero, top - 4, bottom, INK, 1.5)
    _text(svg, f"← {text.left}", "0", top - 9, weight="600")
    _text(svg, f"{text.right} →", "100%", top - 9, anchor="end", weight="600")
    _text(svg, text.axis, "50%", bottom + 36, anchor="middle", fill=FAINT)


def _row(svg: ET.Element, row: ChartRow, scale: Axis, top: int) -> None:
    change, mark = row.change, MARKS[row.verdict]
    group = ET.SubElement(svg, "g")
    ET.SubElement(group, "title").text = row.hover
    _rectangle(group, "0", top, "100%", ROW_PX, "transparent")
    weight = "700" if row.strong else "400"
    for words, x, dx, anchor in (
        (row.title, "0", "4", "start"),
        (row.value, "100%", "-4", "end"),
    ):
        label = _text(group, words, x, top + 13, dx=dx, anchor=anchor, weight=weight)
        # A halo, so that lines behind a text leave it readable.
        label.attrib |= {"stroke": "#ffffff", "stroke-width": "3", "paint-order": "stroke"}
    y = top + 24
    low, high = (f"{scale.across(end):.2f}%" for end in (change.low, change.high))
    _line(group, low, high, y, y, mark.colour, 3)
    arrows = ((change.low, low, "M2,-5L-6,0L2,5z"), (change.high, high, "M-2,-5L6,0L-2,5z"))
    for end, place, path in arrows:
        if not scale.low <= end <= scale.high:
            ET.SubElement(_spot(group, place, y), "path", {"d": path, "fill": mark.colour})
    _shape(_spot(group, f"{scale.across(change.estimate):.2f}%", y), mark)


def _spot(parent: ET.Element, x: str, y: float) -> ET.Element:
    """Return a place that is a percentage across, about which paths are in pixels."""
    return ET.SubElement(parent, "svg", {"x": x, "y": f"{y:g}", "overflow": "visible"})


def _shape(spot: ET.Element, mark: Mark, x: float = 0, y: float = 0) -> None:
    ET.SubElement(
        spot,
        "path",
        {
            "d": mark.shape,
            "transform": f"translate({x:g},{y:g})",
            "fill": "#ffffff" if mark.hollow else mark.colour,
            "stroke": mark.colour if mark.hollow else "#ffffff",
            "stroke-width": "2" if mark.hollow else "1",
        },
    )


def _rectangle(parent: ET.Element, x: str, y: float, width: str, height: float, fill: str) -> None:
    given = {"x": x, "y": f"{y:g}", "width": width, "height": f"{height:g}", "fill": fill}
    ET.SubElement(parent, "rect", given)


def _line(
    parent: ET.Element, x1: str, x2: str, y1: float, y2: float, colour: str, width: float
) -> None:
    given = {"x1": x1, "x2": x2, "y1": f"{y1:g}", "y2": f"{y2:g}"}
    ET.SubElement(parent, "line", given | {"stroke": colour, "stroke-width": f"{width:g}"})


def _text(
    parent: ET.Element,
    words: str,
    x: str,
    y: float,
    *,
    dx: str = "0",
    anchor: str = "start",
    weight: str = "400",
    fill: str = INK,
) -> ET.Element:
    given = {"x": x, "y": f"{y:g}", "dx": dx, "text-anchor": anchor}
    text = ET.SubElement(parent, "text", given | {"font-weight": weight, "fill": fill})
    text.text = words
    return text
