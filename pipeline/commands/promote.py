"""Command `promote`: make a version champion past the gate."""

from __future__ import annotations

import argparse

from pipeline.commands.aliases import registry_alone, stated
from pipeline.config.errors import InputError
from pipeline.project.run_stage import logger, run_stage
from pipeline.tracking.registry.champion import CHALLENGER, CHAMPION, Registry


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.commands.promote", description=__doc__
    )
    parser.add_argument("--force", action="store_true", help="yes, past the gate")
    parser.add_argument("--version", help="this version instead of the challenger")
    parser.add_argument("--reason", help="why; kept in the journal for ever")
    arguments = parser.parse_args()
    with registry_alone() as registry:
        if not arguments.force or not arguments.reason:
            raise InputError(
                "promote: --force and --reason were not both given, want them to promote past the"
                " gate. Add --force --reason '…', or let the gate decide: make promote."
            )
        promote(registry, arguments.version, arguments.reason)


def promote(registry: Registry, number: str | None, reason: str) -> None:
    """Make the challenger, or the version with this number, champion past the gate."""
    challenger = registry.version(number) if number else registry.holder(CHALLENGER)
    if challenger is None:
        raise InputError(f"{registry.model}: there is no challenger, want one. Run dvc repro.")
    champion = registry.holder(CHAMPION)
    before = champion.number if champion else None
    if challenger.number == before:
        raise InputError(
            f"{registry.model}: version {before} is champion already, want another one."
            " Name one with --version."
        )
    registry.record("forced", challenger.number, before, [stated(reason)])
    logger.info("Promoted past the gate: version %s is champion.", challenger.number)


if __name__ == "__main__":
    run_stage(main)
