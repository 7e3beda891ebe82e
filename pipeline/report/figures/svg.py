"""Draw all charts as SVG, whose text keeps its size at any width.

Places across are percentages and all else is in pixels. A view box, which would shrink the text
along with the picture, is only used for lines and areas, which have no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

TEXT_PX = 13
# Between lines of a legend, and from the left edge of its entry to its words. An entry of more
# letters is too long for half of a phone.
LEGEND_PX, LEGEND_WORDS_PX, LEGEND_LETTERS = 22, 24, 22
# Okabe and Ito's colours: told apart with any colour vision, and in print with shapes and dashes.
COLOURS = {"tuned": "#0072B2", "baseline": "#D55E00"}
GREEN, PURPLE = "#009E73", "#A2427A"
INK, FAINT, LINE, BAND, STRIPE = "#1b1f24", "#57606a", "#d0d7de", "#e3e8ee", "#f6f8fa"
CIRCLE = "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z"
DIAMOND, SQUARE = "M0,-6L6,0L0,6L-6,0z", "M-4.5,-4.5h9v9h-9z"


@dataclass(frozen=True)
class Mark:
    """Says how a point looks: by shape too, for those who see no colours."""

    colour: str
    shape: str = CIRCLE
    hollow: bool = False


@dataclass(frozen=True)
class Stroke:
    """Says how a line looks. title: its entry in the legend. dash: lengths of dashes and gaps."""

    title: str
    colour: str
    dash: str = ""


def canvas(label: str, width: str, height: float) -> ET.Element:
    """Return an empty drawing. width: a number of pixels, or 100%. label: what it shows."""
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": f"{height:g}",
            "role": "img",
            "aria-label": label,
            "font-family": "system-ui, -apple-system, 'Segoe UI', sans-serif",
            "font-size": str(TEXT_PX),
            "fill": INK,
        },
    )
    rectangle(svg, "0", 0, "100%", height, "#ffffff")
    return svg


def written(svg: ET.Element) -> str:
    """Return the drawing as text."""
    return ET.tostring(svg, encoding="unicode")


def percentage(share: float) -> str:
    """Write a place across."""
    return f"{100 * share:.2f}%"


def legend_spots(parent: ET.Element, entries: Sequence[str], top: float) -> list[ET.Element]:
    """Write the entries of a legend, and return the places for what stands to their left."""
    columns, spots = _legend_columns(entries), []
    for number, words in enumerate(entries):
        x, y = f"{50 * (number % columns)}%", LEGEND_PX * (number // columns) + 14
        spots.append(spot(parent, x, top + y))
        text(spots[-1], words, "0", 0, dx=str(LEGEND_WORDS_PX))
    return spots


def legend_height(entries: Sequence[str]) -> int:
    """Return the pixels that a legend takes."""
    return LEGEND_PX * -(-len(entries) // _legend_columns(entries))


def _legend_columns(entries: Sequence[str]) -> int:
    """Return the number of columns that entries have room in, on a phone."""
    return 1 if max(map(len, entries), default=0) > LEGEND_LETTERS else 2


def group(parent: ET.Element, hover: str) -> ET.Element:
    """Return a group of elements. hover: what pointing at it shows."""
    element = ET.SubElement(parent, "g")
    ET.SubElement(element, "title").text = hover
    return element


def spot(parent: ET.Element, x: str, y: float) -> ET.Element:
    """Return a place that is a percentage across, about which paths are in pixels."""
    return ET.SubElement(parent, "svg", {"x": x, "y": f"{y:g}", "overflow": "visible"})


def shape(place: ET.Element, mark: Mark, x: float = 0, y: float = 0) -> None:
    """Draw a mark about a spot."""
    ET.SubElement(
        place,
        "path",
        {
            "d": mark.shape,
            "transform": f"translate({x:g},{y:g})",
            "fill": "#ffffff" if mark.hollow else mark.colour,
            "stroke": mark.colour if mark.hollow else "#ffffff",
            "stroke-width": "2" if mark.hollow else "1",
        },
    )


def rectangle(
    parent: ET.Element, x: str, y: float, width: str, height: float, fill: str
) -> ET.Element:
    """Draw a rectangle."""
    given = {"x": x, "y": f"{y:g}", "width": width, "height": f"{height:g}", "fill": fill}
    return ET.SubElement(parent, "rect", given)


def line(
    parent: ET.Element,
    x: tuple[str, str],
    y: tuple[float, float],
    colour: str,
    width: float = 1,
    dash: str = "",
) -> None:
    """Draw a straight line from one place to another."""
    given = {"x1": x[0], "x2": x[1], "y1": f"{y[0]:g}", "y2": f"{y[1]:g}", "stroke": colour}
    given["stroke-width"] = f"{width:g}"
    ET.SubElement(parent, "line", given | ({"stroke-dasharray": dash} if dash else {}))


def text(
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
    """Write words. anchor: start, middle or end of the words is at the place."""
    given = {"x": x, "y": f"{y:g}", "dx": dx, "text-anchor": anchor}
    element = ET.SubElement(parent, "text", given | {"font-weight": weight, "fill": fill})
    element.text = words
    return element


def tick(parent: ET.Element, number: str, x: str, y: float, *, anchor: str = "middle") -> None:
    """Write a number at an axis."""
    dx = "-6" if anchor == "end" else "0"
    text(parent, number, x, y, dx=dx, anchor=anchor).set("class", "tick")
