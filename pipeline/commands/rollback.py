"""Command `rollback`: make the previous champion, or a named version, champion again."""

from __future__ import annotations

import argparse

from pipeline.commands.aliases import registry_alone, stated
from pipeline.config.errors import InputError
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.champion import CHAMPION, PREVIOUS, Registry


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.commands.rollback", description=__doc__
    )
    parser.add_argument("--to", metavar="VERSION", help="this version instead of the previous one")
    parser.add_argument("--reason", required=True, help="why; kept in the journal for ever")
    arguments = parser.parse_args()
    with registry_alone() as registry:
        roll_back(registry, arguments.to, arguments.reason)


def roll_back(registry: Registry, to: str | None, reason: str) -> None:
    """Make the previous champion, or the version with this number, champion again."""
    champion = registry.holder(CHAMPION)
    if champion is None:
        raise InputError(
            f"{registry.model}: there is no champion, want one to go back from."
            " Run dvc repro: the gate decides on the first one."
        )
    target = registry.version(to) if to else registry.holder(PREVIOUS)
    if target is None:
        raise InputError(
            f"{registry.model}: there is no previous champion, want one to go back to."
            " Name a version, e.g. make rollback TO=1 REASON=…."
        )
    if target.number == champion.number:
        raise InputError(
            f"{registry.model}: version {target.number} is champion already, want another one."
            " Name a version, e.g. make rollback TO=1 REASON=…."
        )
    registry.record("rolled back", target.number, champion.number, [stated(reason)])
    logger.info(
        "Rolled back: version %s is champion, version %s is previous.",
        target.number,
        champion.number,
    )


if __name__ == "__main__":
    run_stage(main)
