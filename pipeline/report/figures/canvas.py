"""What all figures have in common: colours, line styles, empty axes and the PNG file."""

from __future__ import annotations

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: told apart with any colour vision, and in print with the line styles.
COLOURS = {"tuned": "#0072B2", "baseline": "#D55E00"}
GREEN = "#009E73"
DOTS_PER_INCH = 130


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG file, the same bytes for the same figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure of this size in inches, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def plain(name: str) -> str:
    """Escape a label, so that it is shown as it is: a dollar sign would start a formula."""
    return name.replace("$", r"\$")
