"""The comparison as a self-contained HTML page, a Markdown twin and a short note."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.evidence.comparison import METRIC_TITLES, Comparison
from pipeline.evidence.figures import alt_texts

# What Markdown gives a meaning to; a backslash before it takes the meaning away.
SPECIAL = "\\`*_{}[]()#+!|~<>$"
MARKDOWN_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in SPECIAL} | {"\n": " "})


def html(comparison: Comparison, figures: Mapping[str, bytes]) -> str:
    """One HTML page with its figures (PNG, by name) inside; it asks for nothing else."""
    images = {
        name: f"data:image/png;base64,{b64encode(data).decode()}" for name, data in figures.items()
    }
    style = files("pipeline.evidence").joinpath("templates/report.css").read_text("utf-8")
    return _render("report.html.jinja", comparison, images=images, style=style)


def markdown(comparison: Comparison, folder: str) -> str:
    """The same in Markdown; figures are files below the folder."""
    return _render("report.md.jinja", comparison, folder=folder)


def note(comparison: Comparison, reproduce: str) -> str:
    """The verdict, the figures and the way to reproduce them, for a run's description."""
    return _render("note.md.jinja", comparison, reproduce=reproduce)


def _render(template: str, comparison: Comparison, **more: object) -> str:
    environment = Environment(
        loader=PackageLoader("pipeline.evidence"),
        # Values come from the data: a column or class may be called anything.
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "md": lambda value: str(value).translate(MARKDOWN_ESCAPES),
        "number": _number,
        "signed": lambda value: f"{value:+.4f}",
        "mean": lambda values: float(np.mean(values)),
    }
    return environment.get_template(template).render(
        comparison=comparison,
        titles=METRIC_TITLES,
        alt=alt_texts(comparison),
        kinds={"best": "tuned", "baseline": "baseline"},
        **more,
    )


def _number(value: float | None) -> str:
    """A setting, short; a technique that is switched off is `off`."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}" if value else "off"
