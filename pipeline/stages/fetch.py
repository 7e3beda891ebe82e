"""Stage `fetch`: bring the table in as it is, and describe it."""

from __future__ import annotations

from pipeline.config.params import load_params
from pipeline.data.checks import check_table
from pipeline.data.description import describe
from pipeline.data.findings import sentences
from pipeline.data.schema import Schema
from pipeline.data.sources.dispatch import load_table
from pipeline.data.sources.watched import link_outside
from pipeline.data.table import Table
from pipeline.project.outputs import RAW, SCHEMA, write_json, write_rows
from pipeline.project.place import check_copied
from pipeline.project.run_stage import logger, run_stage


def main() -> None:
    params = load_params()
    check_copied(params.data.source)
    link = link_outside(params.data.source, params.data.watch)
    table = load_table(params.data, params.split)
    schema = describe(table, params.split.group)
    findings = check_table(table, schema, params.split.group)
    schema = schema.model_copy(update={"findings": (*schema.findings, *findings)})

    write_rows(RAW, table.frame)
    write_json(SCHEMA, schema.model_dump())
    if link is not None:
        logger.info(
            "note: %s lies outside the project. DVC watches it by way of %s; a clone elsewhere"
            " needs it at the same path.",
            params.data.source,
            link,
        )
    for sentence in sentences(schema.findings):
        logger.info("note: %s", sentence)
    if table.task_line:
        logger.info(table.task_line)
    logger.info("%s", outline(schema, table))


def outline(schema: Schema, table: Table) -> str:
    """Say in one line how large the table is, and what is predicted from it."""
    size = f"{schema.name}: {schema.rows} rows, {len(schema.columns)} columns"
    if not schema.classes:
        values = table.frame[schema.target]
        return (
            f"{size}, target: {schema.target}, a number from {values.min():g} to {values.max():g}"
        )
    positive = f", positive: {schema.positive}" if schema.positive else ""
    return f"{size}, classes: {', '.join(schema.classes)}{positive}"


if __name__ == "__main__":
    run_stage(main)
