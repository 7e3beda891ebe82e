"""Charts that explain: learning curves, strengths of each technique, sizes of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from pipeline.comparison.validation_curves import ValidationCurve
from pipeline.comparison.weights import EDGES, WeightSizes
from pipeline.regularizers import BY_NAME
from pipeline.report.figures.interval_chart import (
    NO_VERDICT,
    ChartRow,
    ChartText,
    interval_chart,
)
from pipeline.report.figures.plane import Plane
from pipeline.report.figures.scale import level, linear, logarithmic, named
from pipeline.report.figures.svg import COLOURS, GREEN, INK, PURPLE, Mark, Stroke
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import fixed, percent, setting

DASHES = {"train": "6 4", "val": ""}
# Pointing at an epoch shows its values; so many places can be told apart with a mouse.
MOST_COLUMNS = 50
HELD_OUT, TRAIN = Stroke("held-out folds", INK), Stroke("fitting rows", INK, "6 4")
SIZES = (("tuned", COLOURS["tuned"], ""), ("none", COLOURS["baseline"], "6 4"),
         ("l1", GREEN, "2 3"), ("l2", PURPLE, "8 3 2 3"))  # fmt: skip


def moved(shares: Sequence[tuple[str, Interval]], width: str) -> str:
    """Draw the share of each tuned value in what moved the score of the trials, with intervals."""
    rows = [
        ChartRow(
            _capital(BY_NAME[name].value_words),
            share,
            percent(share.estimate),
            NO_VERDICT,
            f"{BY_NAME[name].value_words}: {percent(share.estimate)} ({percent(share.low)} to"
            f" {percent(share.high)})",
        )
        for name, share in shares
    ]
    words = "share in what moved the score of the trials"
    text = ChartText(_capital(words), "", "matters more", words, sizes=True)
    return interval_chart(rows, text, width)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def learning_curves(table: pd.DataFrame, loss: str, width: str) -> str:
    """Draw the loss over epochs, mean and 10th to 90th percentile over the seeds."""
    curves = {
        (kind, role): curve for (kind, role), curve in table.groupby(["model", "rows"], sort=False)
    }
    strokes = {
        (kind, role): Stroke(f"{kind}, {role}", COLOURS[kind], DASHES[role])
        for kind, role in curves
    }
    x = linear(1, int(table["epoch"].max()))
    y = level([*table["loss"], *table["low"], *table["high"]])
    plane = Plane(
        f"{loss} over epochs", width, ("epoch", x), (f"{loss}, without penalties", y),
        strokes=[*strokes.values()],
    )  # fmt: skip
    for key, curve in curves.items():
        if key[1] == "val":
            low, high = (
                list(zip(curve["epoch"], curve[end], strict=True)) for end in ("low", "high")
            )
            plane.band(low, high, strokes[key].colour)
    for key, curve in curves.items():
        plane.line(list(zip(curve["epoch"], curve["loss"], strict=True)), strokes[key])
    last = int(x.high)
    for epoch in range(1, last + 1, -(-last // MOST_COLUMNS)):
        values = [
            f"{strokes[key].title} {fixed(row.loss)}"
            for key, curve in curves.items()
            for row in curve[curve["epoch"] == epoch].itertuples()
        ]
        plane.column((epoch - 0.5, epoch + 0.5), f"epoch {epoch}: {', '.join(values)}")
    return plane.drawn()


def validation_curve(curve: ValidationCurve, loss: str, width: str) -> str:
    """Draw the cross-validated loss along the strength of one technique alone."""
    points = curve.points
    names = [setting(point.value) for point in points]
    train = [
        (place, point.train_loss)
        for place, point in enumerate(points)
        if point.train_loss is not None
    ]
    ends = [end for point in points for end in (point.low, point.high)]
    ends += [value for _, value in train]
    plane = Plane(
        f"{loss} along the strength of {curve.title}",
        width,
        ("strength", named(names)),
        (loss, level(ends)),
        title=curve.title,
        strokes=(HELD_OUT, TRAIN) if train else (HELD_OUT,),
        plot_px=160,
    )
    if train:
        plane.line(train, TRAIN)
    plane.line([(place, point.cv_loss) for place, point in enumerate(points)], HELD_OUT)
    for place, (name, point) in enumerate(zip(names, points, strict=True)):
        lowest = ", the lowest" if point.value == curve.best else ""
        fitting = "" if point.train_loss is None else f"; fitting rows {fixed(point.train_loss)}"
        plane.interval(
            place,
            (point.low, point.cv_loss, point.high),
            Mark(GREEN if lowest else INK),
            f"{curve.title} {name}: held-out folds {fixed(point.cv_loss)}{lowest}, from"
            f" {fixed(point.low)} to {fixed(point.high)}{fitting}",
        )
    return plane.drawn()


def weight_histograms(weights: Sequence[WeightSizes], titles: Sequence[str], width: str) -> str:
    """Draw the share of the kernel weights by size, for some variants, by these titles."""
    looks = {name: (colour, dash) for name, colour, dash in SIZES}
    strokes = [
        Stroke(title, *looks[variant.name]) for title, variant in zip(titles, weights, strict=True)
    ]
    most = max(max(variant.shares) for variant in weights)
    plane = Plane(
        "Shares of the weights by size",
        width,
        ("size of a weight", logarithmic(EDGES)),
        ("share of the weights", linear(0, most)),
        strokes=strokes,
    )
    for variant, stroke in zip(weights, strokes, strict=True):
        steps = [
            (edge, share)
            for ends, share in zip(pairwise(EDGES), variant.shares, strict=True)
            for edge in ends
        ]
        plane.line([(EDGES[0], 0), *steps, (EDGES[-1], 0)], stroke)
    for number, ends in enumerate(pairwise(EDGES)):
        shares = ", ".join(
            f"{stroke.title} {percent(variant.shares[number])}"
            for variant, stroke in zip(weights, strokes, strict=True)
        )
        plane.column(ends, f"{setting(ends[0])} to {setting(ends[1])}: {shares}")
    return plane.drawn()
