"""Command `status`: who is champion, challenger and previous, and the last decisions."""

from __future__ import annotations

import argparse
import sys

from pipeline.config.params import load_params
from pipeline.project.run_stage import run_stage
from pipeline.tracking.registry.champion import CHALLENGER, CHAMPION, PREVIOUS, Registry
from pipeline.tracking.registry.journal import Entry

ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)
SHOWN_DECISIONS = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.commands.status", description=__doc__)
    parser.add_argument("--last", type=int, default=SHOWN_DECISIONS, help="how many decisions")
    last = parser.parse_args().last
    sys.stdout.write(status(Registry(load_params().tracking.model_name), last) + "\n")


def status(registry: Registry, last: int) -> str:
    """Write the aliases and the last decisions, newest first, as text."""
    lines = [f"model {registry.model}"]
    for alias in ALIASES:
        version = registry.holder(alias)
        lines.append(f"  {alias:<10} {f'version {version.number}' if version else 'none'}")
    journal = registry.journal()
    lines.append("last decisions:" if journal else "no decisions yet")
    for entry, applied in reversed(journal[-last:] if last > 0 else []):
        interrupted = "" if applied else " (interrupted)"
        lines.append(f"  {entry.at[:19]}Z  {in_words(entry)}{interrupted}")
        lines += [f"    - {reason}" for reason in entry.reasons]
    return "\n".join(lines)


def in_words(entry: Entry) -> str:
    """Sum up a decision in a few words."""
    if entry.action == "rolled back":
        return f"rolled back to version {entry.version} from {entry.champion}, by {entry.by}"
    over = f", champion was version {entry.champion}" if entry.champion else ""
    return f"version {entry.version} {entry.action}{over}, by {entry.by}"


if __name__ == "__main__":
    run_stage(main)
