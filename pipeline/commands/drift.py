"""Command `drift`: compare today's rows with those the champion was trained on, before training."""

from __future__ import annotations

from pipeline.config.errors import InputError
from pipeline.config.params import load_params
from pipeline.data.description import read_schema
from pipeline.gate.new_rows import drift_since, in_words, stop_message
from pipeline.project.outputs import RAW, TEST, read_rows
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.champion import CHAMPION, Registry


def main() -> None:
    params, schema = load_params(), read_schema()
    registry = Registry(params.tracking.model_name)
    champion = registry.holder(CHAMPION)
    profile = registry.training_profile(champion) if champion else None
    if profile is None:
        logger.info("drift: no champion's training rows to compare with")
        return
    drift = drift_since(profile, read_rows(RAW), read_rows(TEST), schema, params.drift)
    for change in drift.findings:
        if change.level != "none":
            logger.warning("drift: %s", change.in_words)
    if drift.level == "stop":
        assert champion is not None
        raise InputError(registry.another_table(champion, schema.name) or stop_message(drift))
    logger.info("drift: %s", in_words(drift))


if __name__ == "__main__":
    run_stage(main)
