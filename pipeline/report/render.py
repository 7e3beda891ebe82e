"""The comparison as a self-contained HTML page, a Markdown twin and a short note."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.comparison.result import Comparison
from pipeline.report import sections
from pipeline.report.document import Block, ChartBlock, PictureBlock
from pipeline.report.figures.charts import charts
from pipeline.text.markdown import markdown_line, markdown_text


def html(comparison: Comparison, figures: Mapping[str, bytes]) -> str:
    """Render one HTML page that contains its figures (PNG, by name) and loads nothing else."""
    images = {
        name: f"data:image/png;base64,{b64encode(data).decode()}" for name, data in figures.items()
    }
    style = files("pipeline.report").joinpath("templates/report.css").read_text("utf-8")
    return _render(
        "report.html.jinja",
        title=sections.title(comparison),
        blocks=sections.report(comparison),
        images=images,
        charts=charts(comparison, "100%"),
        style=style,
    )


def markdown(comparison: Comparison, folder: str) -> str:
    """Render the same report in Markdown; figures are files in the folder."""
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
        block
        for block in sections.summary(comparison)
        if not isinstance(block, PictureBlock | ChartBlock)
    ]
    return _render("report.md.jinja", title=None, blocks=blocks, folder="", reproduce=reproduce)


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
    environment.filters |= {"md": markdown_text, "line": markdown_line}
    return environment.get_template(template).render(**values)
