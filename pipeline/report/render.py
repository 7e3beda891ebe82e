"""The comparison as a self-contained HTML page, a Markdown twin and a short note."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.comparison.result import Comparison
from pipeline.report import sections
from pipeline.report.document import Block, ChartBlock
from pipeline.report.figures.charts import charts
from pipeline.text.markdown import markdown_line, markdown_text
from pipeline.text.numbers import MINUS, RAISED, SPACE, TIMES, lowered

TEMPLATES = files("pipeline.report").joinpath("templates")
# Sorts tables by a click on a header (sortable-tablesort, public domain). It goes into the page
# whole, as the page loads nothing.
SCRIPTS = ("sortable/sortable.min.js", "sortable/sortable.a11y.min.js")

NUMBER = re.compile(
    rf"(?:[<>] )?(?P<sign>[+{MINUS}]?)(?=\d)"
    rf"(?:(?P<digits>\d[\d,]*(?:\.\d+)?)(?![\d.,{RAISED}]))?(?:{TIMES}?10(?P<power>[{RAISED}]+))?"
)


def html(
    comparison: Comparison, tables: Mapping[str, pd.DataFrame], made: str | None = None
) -> str:
    """Render one HTML page that contains its charts and loads nothing else.

    tables: what the charts are drawn from. made: when, from what and how long, which differs from
    run to run; it stands in a line of its own.
    """
    script = "\n".join(map(_template_file, SCRIPTS))
    return _render(
        "report.html.jinja",
        title=sections.title(comparison),
        blocks=sections.report(comparison),
        charts=charts(comparison, tables, "100%"),
        style=_template_file("report.css"),
        script=script,
        script_digest=b64encode(sha256(f"\n{script}\n".encode()).digest()).decode(),
        made=made,
    )


def markdown(comparison: Comparison, folder: str) -> str:
    """Render the same report in Markdown; charts are files in the folder."""
    return _render(
        "report.md.jinja",
        title=sections.title(comparison),
        blocks=sections.report(comparison),
        folder=folder,
        reproduce=None,
    )


def note(comparison: Comparison, reproduce: str) -> str:
    """Render the verdict, its metrics and how to reproduce them, for a run's description."""
    blocks: Sequence[Block] = [
        block for block in sections.summary(comparison) if not isinstance(block, ChartBlock)
    ]
    return _render("report.md.jinja", title=None, blocks=blocks, folder="", reproduce=reproduce)


def sort_key(cell: str) -> str | None:
    """Return the number that a cell of a table begins with, for sorting; None if it has none."""
    number = NUMBER.match(cell)
    if not number:
        return None
    sign, digits, power = (number[part] or "" for part in ("sign", "digits", "power"))
    return f"{sign.replace(MINUS, '-')}{digits.replace(',', '') or 1}e{lowered(power) or 0}"


def _template_file(name: str) -> str:
    return TEMPLATES.joinpath(name).read_text("utf-8").strip()


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        # Values come from the data: a column or class may be called anything.
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": markdown_text, "line": markdown_line, "sort_key": sort_key}
    text = environment.get_template(template).render(**values)
    # No line break between a number and its percent sign.
    return re.sub(r"(?<=\d) %", f"{SPACE}%", text)
