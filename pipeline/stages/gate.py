"""Commands of the gate: who is champion and why, rolling back, and promoting by hand."""

from __future__ import annotations

import argparse
import sys

from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.stages import logger, run_stage
from pipeline.stages.lock import exclusive
from pipeline.tracking.champion import CHALLENGER, CHAMPION, PREVIOUS, Registry, Version
from pipeline.tracking.journal import Entry

ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)
SHOWN = 10


def main() -> None:
    arguments = parser().parse_args()
    registry = Registry(load_params().tracking.model_name)
    if arguments.command == "status":
        sys.stdout.write(status(registry, arguments.last) + "\n")
        return
    with exclusive():
        finished = registry.finish()
        if finished:
            logger.info("completed what was interrupted: version %s %s", finished.version,
                        finished.action)  # fmt: skip
        if arguments.command == "rollback":
            roll_back(registry, arguments.to, arguments.reason)
        else:
            promote(registry, arguments)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m pipeline.stages.gate", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    show = commands.add_parser("status", help="champion, challenger, previous, last decisions")
    show.add_argument("--last", type=int, default=SHOWN, help="how many decisions")
    back = commands.add_parser("rollback", help="make the previous champion champion again")
    back.add_argument("--to", metavar="VERSION", help="this version instead of the previous one")
    back.add_argument("--reason", required=True, help="why; kept in the journal for ever")
    forward = commands.add_parser("promote", help="make a version champion past the gate")
    forward.add_argument("--force", action="store_true", help="yes, past the gate")
    forward.add_argument("--version", help="this version instead of the challenger")
    forward.add_argument("--reason", help="why; kept in the journal for ever")
    return made


def status(registry: Registry, last: int) -> str:
    """Aliases and the last decisions, newest first, as text."""
    lines = [f"model {registry.model}"]
    for alias in ALIASES:
        version = registry.holder(alias)
        lines.append(f"  {alias:<10} {f'version {version.number}' if version else 'none'}")
    journal = registry.journal()
    lines.append("last decisions:" if journal else "no decisions yet")
    for entry, applied in reversed(journal[-last:] if last > 0 else []):
        lines.append(f"  {entry.at[:19]}Z  {told(entry)}{'' if applied else ' (interrupted)'}")
        lines += [f"    - {reason}" for reason in entry.reasons]
    return "\n".join(lines)


def told(entry: Entry) -> str:
    """An entry in a few words."""
    if entry.action == "rolled back":
        return f"rolled back to version {entry.version} from {entry.champion}, by {entry.by}"
    over = f", champion was version {entry.champion}" if entry.champion else ""
    return f"version {entry.version} {entry.action}{over}, by {entry.by}"


def roll_back(registry: Registry, to: str | None, reason: str) -> None:
    """Make the previous champion, or a named version, champion again."""
    champion = _champion(registry)
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
    registry.record("rolled back", target.number, champion.number, [_reason(reason)])
    logger.info(
        "Rolled back: version %s is champion, version %s is previous.",
        target.number,
        champion.number,
    )


def promote(registry: Registry, arguments: argparse.Namespace) -> None:
    """Make a version champion past the gate."""
    if not arguments.force or not arguments.reason:
        raise InputError(
            "gate promote: --force and --reason were not both given, want them to promote past the"
            " gate. Add --force --reason '…', or let the gate decide: make promote."
        )
    challenger = (
        registry.version(arguments.version) if arguments.version else registry.holder(CHALLENGER)
    )
    if challenger is None:
        raise InputError(f"{registry.model}: there is no challenger, want one. Run dvc repro.")
    champion = registry.holder(CHAMPION)
    before = champion.number if champion else None
    if challenger.number == before:
        raise InputError(
            f"{registry.model}: version {before} is champion already, want another one."
            " Name one with --version."
        )
    registry.record("forced", challenger.number, before, [_reason(arguments.reason)])
    logger.info("Promoted past the gate: version %s is champion.", challenger.number)


def _champion(registry: Registry) -> Version:
    champion = registry.holder(CHAMPION)
    if champion is None:
        raise InputError(
            f"{registry.model}: there is no champion, want one to go back from."
            " Run dvc repro: the gate decides on the first one."
        )
    return champion


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise InputError("gate: the reason is empty, want a few words. Say why, e.g. 'bad data'.")
    return reason


if __name__ == "__main__":
    run_stage(main)
