"""The picture of the first screen: each arm's change in log loss against the baseline, as SVG.

Places across are percentages and all else is in pixels, so the drawing fills any width and its text
keeps its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from xml.etree import ElementTree as ET

from pipeline.evaluation.result import Arm, Comparison, Evaluation
from pipeline.report.figures.canvas import COLOURS, GREEN
from pipeline.statistics.verdicts import ProcedureVerdict
from pipeline.text.numbers import fixed, probability, short, short_between, signed

TEXT_PX = 13
ROW_PX, LEGEND_PX, HEAD_PX, FOOT_PX = 33, 22, 26, 44
MARGIN_PERCENT = 3.0
MOST_TICKS = 6
# An axis reaches so many times as far as the largest estimate; what is beyond ends in an arrow.
REACH = 3.0
INK, FAINT, BAND, STRIPE = "#1b1f24", "#57606a", "#e3e8ee", "#f6f8fa"
COLOUR: dict[ProcedureVerdict, str] = {
    "helps": COLOURS["best"],
    "hurts": COLOURS["baseline"],
    "makes no difference that matters": GREEN,
    "cannot tell yet": FAINT,
}
# Shapes too, for those who see no colours: paths about 0, 0.
SHAPE: dict[ProcedureVerdict, str] = {
    "helps": "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z",
    "hurts": "M0,-6L6,0L0,6L-6,0z",
    "makes no difference that matters": "M-4.5,-4.5h9v9h-9z",
    "cannot tell yet": "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z",
}


@dataclass(frozen=True)
class Scale:
    """The axis of changes: its ends, and the places that have a number."""

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int

    @classmethod
    def over(cls, evaluation: Evaluation) -> Scale:
        """Return an axis with zero, the margin that matters to nobody, and the intervals."""
        changes = [arm.difference.log_loss for arm in evaluation.arms if arm.difference]
        tuned, rope = evaluation.difference.log_loss, evaluation.rope
        reach = REACH * max(abs(change.estimate) for change in changes)
        low = max(min(change.low for change in changes), min(-reach, tuned.low))
        high = min(max(change.high for change in changes), max(reach, tuned.high))
        low, high = min(low, -2 * rope), max(high, 2 * rope)
        step = _round_step((high - low) / MOST_TICKS)
        ticks = tuple(step * place for place in range(ceil(low / step), floor(high / step) + 1))
        return cls(low, high, ticks, max(0, -floor(log10(step))))

    def across(self, value: float) -> float:
        """Return the place of a change as a percentage of the width."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return MARGIN_PERCENT + share * (100 - 2 * MARGIN_PERCENT)


def arms_chart(evaluation: Evaluation, width: str) -> str:
    """Draw every arm's interval, better to the left. width: a number of pixels, or 100%."""
    compared = [(arm, arm.difference) for arm in evaluation.arms if arm.difference]
    scale = Scale.over(evaluation)
    present = [verdict for verdict in COLOUR if verdict in {c.verdict for _, c in compared}]
    legend = LEGEND_PX * ceil((len(present) + 1) / 2)
    top = legend + HEAD_PX
    bottom = top + ROW_PX * len(compared)
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": str(bottom + FOOT_PX),
            "role": "img",
            "aria-label": "Change in log loss of each arm against the baseline",
            "font-family": "system-ui, -apple-system, 'Segoe UI', sans-serif",
            "font-size": str(TEXT_PX),
            "fill": INK,
        },
    )
    _rectangle(svg, "0", 0, "100%", bottom + FOOT_PX, "#ffffff")
    _legend(svg, present, evaluation.rope)
    for number in range(0, len(compared), 2):
        _rectangle(svg, "0", top + ROW_PX * number, "100%", ROW_PX, STRIPE)
    _axis(svg, scale, evaluation.rope, top, bottom)
    for number, (arm, comparison) in enumerate(compared):
        _row(svg, arm, comparison, scale, top + ROW_PX * number)
    return ET.tostring(svg, encoding="unicode")


def _round_step(least: float) -> float:
    """Return the smallest step of 1, 2 or 5 times a power of ten that is no smaller."""
    power = 10.0 ** floor(log10(least))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least))


def _legend(svg: ET.Element, verdicts: list[ProcedureVerdict], rope: float) -> None:
    for place, verdict in enumerate(verdicts):
        column, line = 50 * (place % 2), LEGEND_PX * (place // 2) + 14
        spot = ET.SubElement(svg, "svg", {"x": f"{column}%", "y": str(line), "overflow": "visible"})
        _shape(spot, verdict, 7, -4)
        words = verdict.removeprefix("makes ")
        _text(spot, words, "0", 0, dx="18")
    place = len(verdicts)
    column, line = 50 * (place % 2), LEGEND_PX * (place // 2) + 14
    spot = ET.SubElement(svg, "svg", {"x": f"{column}%", "y": str(line), "overflow": "visible"})
    _rectangle(spot, "0", -11, "14", 14, BAND)
    _text(spot, f"±{rope:g}: matters to nobody", "0", 0, dx="18")


def _axis(svg: ET.Element, scale: Scale, rope: float, top: int, bottom: int) -> None:
    left, right = scale.across(-rope), scale.across(rope)
    _rectangle(svg, f"{left:.2f}%", top, f"{right - left:.2f}%", bottom - top, BAND)
    for tick in scale.ticks:
        x = f"{scale.across(tick):.2f}%"
        _line(svg, x, x, top, bottom, FAINT if abs(tick) < 1e-12 else "#d0d7de", 1)
        _text(svg, signed(tick, scale.digits) if tick else "0", x, bottom + 16, anchor="middle")
    zero = f"{scale.across(0):.2f}%"
    _line(svg, zero, zero, top - 4, bottom, INK, 1.5)
    _text(svg, "← better than the baseline", "0", top - 9, weight="600")
    _text(svg, "worse →", "100%", top - 9, anchor="end", weight="600")
    _text(svg, "change in log loss", "50%", bottom + 36, anchor="middle", fill=FAINT)


def _row(svg: ET.Element, arm: Arm, comparison: Comparison, scale: Scale, top: int) -> None:
    change, verdict = comparison.log_loss, comparison.verdict
    group = ET.SubElement(svg, "g")
    ET.SubElement(group, "title").text = (
        f"{arm.title}: {short(change.estimate, sign=True)} ({short_between(change)}), log loss"
        f" {fixed(arm.log_loss)}; {verdict}; helps with probability"
        f" {probability(change.helps_probability)}"
    )
    _rectangle(group, "0", top, "100%", ROW_PX, "transparent")
    weight = "700" if arm.name == "tuned" else "400"
    _text(group, arm.title, "0", top + 13, dx="4", weight=weight, halo=True)
    _text(
        group, short(change.estimate, sign=True), "100%", top + 13, dx="-4", anchor="end",
        weight=weight, halo=True,
    )  # fmt: skip
    y = top + 24
    low, high = (f"{scale.across(end):.2f}%" for end in (change.low, change.high))
    _line(group, low, high, y, y, COLOUR[verdict], 3)
    for end, place, path in (
        (change.low, low, "M2,-5L-6,0L2,5z"),
        (change.high, high, "M-2,-5L6,0L-2,5z"),
    ):
        if not scale.low <= end <= scale.high:
            spot = ET.SubElement(group, "svg", {"x": place, "y": str(y), "overflow": "visible"})
            ET.SubElement(spot, "path", {"d": path, "fill": COLOUR[verdict]})
    mark = {"x": f"{scale.across(change.estimate):.2f}%", "y": str(y), "overflow": "visible"}
    _shape(ET.SubElement(group, "svg", mark), verdict)


def _shape(spot: ET.Element, verdict: ProcedureVerdict, x: float = 0, y: float = 0) -> None:
    hollow = verdict == "cannot tell yet"
    ET.SubElement(
        spot,
        "path",
        {
            "d": SHAPE[verdict],
            "transform": f"translate({x:g},{y:g})",
            "fill": "#ffffff" if hollow else COLOUR[verdict],
            "stroke": COLOUR[verdict] if hollow else "#ffffff",
            "stroke-width": "2" if hollow else "1",
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
    halo: bool = False,
) -> None:
    given = {
        "x": x, "y": f"{y:g}", "dx": dx, "text-anchor": anchor, "font-weight": weight, "fill": fill
    }  # fmt: skip
    if halo:
        given |= {"stroke": "#ffffff", "stroke-width": "3", "paint-order": "stroke"}
    ET.SubElement(parent, "text", given).text = words
