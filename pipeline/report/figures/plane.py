"""A chart with two axes: lines, bands, bars and marks, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from pipeline.report.figures import svg
from pipeline.report.figures.scale import Scale, with_unit
from pipeline.report.figures.svg import FAINT, INK, LINE, Mark, Stroke

# Shares of the width to the left and to the right of the plot; pixels above and below it.
LEFT, RIGHT = 0.13, 0.03
TITLE_PX, HEAD_PX, FOOT_PX, PLOT_PX = 22, 24, 44, 210
# Parts of the plot's width and height that a line's points are rounded to.
PARTS = 1000
# Dots of one colour on a plane, at most, and the parts across of the cells that thin them out, from
# fine to coarse: dots in one cell are one, so that many rows show as a cloud in a small file. Cells
# are twice as many parts high, since a plane is about twice as wide as it is high.
MOST_DOTS = 2000
CELLS = (2, 4, 6, 8, 12, 16, 24, 32)
DOT_PX = 5
Point = tuple[float, float]


class Plane:
    """A chart that is drawn bit by bit."""

    def __init__(
        self,
        label: str,
        width: str,
        x: tuple[str, Scale],
        y: tuple[str, Scale],
        *,
        title: str = "",
        strokes: Sequence[Stroke] = (),
        marks: Sequence[tuple[str, Mark]] = (),
        plot_px: int = PLOT_PX,
    ) -> None:
        """Draw axes, title and legend. x, y: what each axis shows, and its scale."""
        self._x, self._y, self._plot_px = x[1], y[1], plot_px
        legend_top = TITLE_PX if title else 0
        names = [*(stroke.title for stroke in strokes), *(name for name, _ in marks)]
        self._top = legend_top + svg.legend_height(names) + HEAD_PX
        bottom = self._top + plot_px
        self._svg = svg.canvas(label, width, bottom + FOOT_PX)
        if title:
            svg.text(self._svg, title, "0", 15, weight="700")
        spots = svg.legend_spots(self._svg, names, legend_top)
        for spot, stroke in zip(spots, strokes, strict=False):
            svg.line(spot, ("0", "18"), (-4, -4), stroke.colour, 2.5, stroke.dash)
        for spot, (_, mark) in zip(spots[len(strokes) :], marks, strict=True):
            svg.shape(spot, mark, 9, -4)
        across, upward = (with_unit(words, scale.power) for words, scale in (x, y))
        svg.text(self._svg, upward, "0", self._top - 9, fill=FAINT)
        svg.text(self._svg, across, self._across(0.5), bottom + 37, anchor="middle", fill=FAINT)
        left, right = self._across(0), self._across(1)
        for value, number in self._y.ticks:
            height = self._down(value)
            svg.line(self._svg, (left, right), (height, height), LINE)
            svg.tick(self._svg, number, left, height + 4, anchor="end")
        for value, number in self._x.ticks:
            place = self._across(self._x.place(value))
            svg.line(self._svg, (place, place), (bottom, bottom + 4), INK)
            svg.tick(self._svg, number, place, bottom + 18)
        svg.line(self._svg, (left, right), (bottom, bottom), INK)
        # Lines and areas stretch with the width, and their strokes do not.
        self._stretched = ET.SubElement(
            self._svg,
            "svg",
            {
                "x": left,
                "y": str(self._top),
                "width": svg.percentage(1 - LEFT - RIGHT),
                "height": str(plot_px),
                "viewBox": f"0 0 {PARTS} {PARTS}",
                "preserveAspectRatio": "none",
                "fill": "none",
            },
        )

    def line(self, points: Sequence[Point], stroke: Stroke, hover: str = "") -> None:
        """Draw a line through points."""
        path = {"d": self._path(points), "stroke": stroke.colour, "stroke-width": "2"}
        if stroke.dash:
            path["stroke-dasharray"] = stroke.dash
        path |= {"vector-effect": "non-scaling-stroke", "stroke-linejoin": "round"}
        element = ET.SubElement(self._stretched, "path", path)
        if hover:
            ET.SubElement(element, "title").text = hover

    def dots(self, points: Sequence[Point], mark: Mark) -> None:
        """Draw points that pointing at shows nothing of, thinned out where they are dense."""
        exact = [(PARTS * self._x.place(x), PARTS * (1 - self._y.place(y))) for x, y in points]
        for side in CELLS:
            high = 2 * side
            places = {(side * round(x / side), high * round(y / high)) for x, y in exact}
            if len(places) <= MOST_DOTS:
                break
        # A line of no length is drawn as its two ends, which keep their form at any width.
        dots = {
            "d": "".join(f"M{x},{y}h0" for x, y in sorted(places)),
            "stroke": mark.colour,
            "stroke-width": str(DOT_PX),
            "stroke-linecap": "square" if mark.shape == svg.SQUARE else "round",
            "stroke-opacity": "0.5",
            "vector-effect": "non-scaling-stroke",
        }
        ET.SubElement(self._stretched, "path", dots)

    def band(self, low: Sequence[Point], high: Sequence[Point], colour: str) -> None:
        """Fill the area between two lines."""
        around = self._path([*low, *reversed(high)]) + "z"
        ET.SubElement(
            self._stretched, "path", {"d": around, "fill": colour, "fill-opacity": "0.15"}
        )

    def bar(self, ends: tuple[float, float], height: float, colour: str, hover: str) -> None:
        """Draw a bar from the bottom of the plot."""
        left, right = (self._x.place(end) for end in ends)
        top, bottom = self._down(height), self._top + self._plot_px
        svg.rectangle(
            svg.group(self._svg, hover),
            self._across(left),
            top,
            svg.percentage((right - left) * (1 - LEFT - RIGHT)),
            bottom - top,
            colour,
        )

    def upright(self, x: float, colour: str, dash: str = "") -> None:
        """Draw a line from the bottom to the top."""
        place = self._across(self._x.place(x))
        heights = (self._top, self._top + self._plot_px)
        svg.line(self._svg, (place, place), heights, colour, 1.5, dash)

    def interval(
        self, x: float, y: tuple[float, float, float], mark: Mark, hover: str, shift: float = 0
    ) -> None:
        """Draw a mark with its interval. y: low end, mark, high end. shift: share of the width."""
        place = self._across(self._x.place(x) + shift)
        low, middle, high = map(self._down, y)
        point = svg.group(self._svg, hover)
        svg.line(point, (place, place), (low, high), mark.colour, 1.5)
        svg.shape(svg.spot(point, place, middle), mark)

    def column(self, x: tuple[float, float], hover: str) -> None:
        """Let pointing at a part of the plot show values."""
        left, right = (self._x.place(end) for end in x)
        svg.rectangle(
            svg.group(self._svg, hover),
            self._across(left),
            self._top,
            svg.percentage((right - left) * (1 - LEFT - RIGHT)),
            self._plot_px,
            "transparent",
        )

    def drawn(self) -> str:
        """Return the chart as text."""
        return svg.written(self._svg)

    def _across(self, share: float) -> str:
        return svg.percentage(LEFT + share * (1 - LEFT - RIGHT))

    def _down(self, value: float) -> float:
        return round(self._top + (1 - self._y.place(value)) * self._plot_px, 2)

    def _path(self, points: Sequence[Point]) -> str:
        places = [
            (round(PARTS * self._x.place(x)), round(PARTS * (1 - self._y.place(y))))
            for x, y in points
        ]
        # Points that round to one place are one: a curve of many rows stays small.
        distinct = [at for at, before in zip(places, [None, *places], strict=False) if at != before]
        return "M" + "L".join(f"{x},{y}" for x, y in distinct)
