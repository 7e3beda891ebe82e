"""Command: write a preset's values into `params.yaml`, its comments and other values kept.

`git diff params.yaml` shows what it changed, `git checkout params.yaml` takes it back.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.config.editor import edit_params
from pipeline.config.errors import InputError, did_you_mean
from pipeline.config.reader import PARAMS_FILE, read_yaml

PRESETS = Path("presets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=f"a file of {PRESETS}/, without .yaml")
    apply(parser.parse_args().name)


def apply(name: str, params: Path = PARAMS_FILE, presets: Path = PRESETS) -> None:
    """Overlay the preset on the parameters; `InputError`, with nothing written, if it is wrong."""
    known = sorted(path.stem for path in presets.glob("*.yaml"))
    if name not in known:
        hint = did_you_mean(name, known) or f" Name one of: {', '.join(known)}."
        raise InputError(f"{presets}: no preset {name!r}, want one that is there.{hint}")
    overlay = read_yaml(presets / f"{name}.yaml")
    if not isinstance(overlay, dict):
        raise InputError(
            f"{presets / name}.yaml: no mapping, want sections of params.yaml. Mend the file."
        )
    edit_params(overlay, str(presets / f"{name}.yaml"), params)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
