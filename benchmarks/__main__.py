"""Run the benchmarks named, or all but the long ones; write `reports/benchmark.json`, print it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.cluster import cluster
from benchmarks.comparison import comparison
from benchmarks.coverage import coverage
from benchmarks.growth import growth
from benchmarks.proximal import proximal
from benchmarks.serving import serving
from benchmarks.tables import tables
from benchmarks.timing import machine
from benchmarks.tracking import tracking
from benchmarks.trainer import against_machine, against_peers
from benchmarks.whole import whole

RESULT = Path("reports/benchmark.json")
PARTS: dict[str, Callable[[], object]] = {
    "peers": against_peers,
    "machine": against_machine,
    "whole": whole,
    "compare": comparison,
    "growth": growth,
    "proximal": proximal,
    "serving": serving,
    "tracking": tracking,
    "cluster": cluster,
    "tables": tables,
    "coverage": coverage,
}
# They take long, or need data that no package ships.
ON_REQUEST = ("cluster", "tables", "coverage")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    wanted = parser.parse_args().parts or [name for name in PARTS if name not in ON_REQUEST]
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    results = {**before, "on": machine()}
    for name in wanted:
        results[name] = PARTS[name]()
        print(f"\n{name}")
        _show(results[name])
        RESULT.write_text(json.dumps(results, indent=2) + "\n")


def _show(value: object, indent: int = 2) -> None:
    """Nested figures as an indented table."""
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, (dict, list)):
                print(f"{'':{indent}}{name}")
                _show(one, indent + 2)
            else:
                print(f"{'':{indent}}{name:<52}{one:>12.3f}")
    elif isinstance(value, list):
        for row in value:
            print(f"{'':{indent}}" + "  ".join(f"{key} {one:.6g}" for key, one in row.items()))


if __name__ == "__main__":
    main()
