"""Command: write a preset's values into `params.yaml`, and keep its comments and other values.

`git diff params.yaml` shows what it changed, `git checkout params.yaml` takes it back.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

from pipeline.config.errors import InputError, did_you_mean
from pipeline.config.params import load_params, parse_params
from pipeline.config.reader import PARAMS_FILE, read_yaml

PRESETS = Path("presets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=f"a file of {PRESETS}/, without .yaml")
    apply(parser.parse_args().name)


def apply(name: str, params: Path = PARAMS_FILE, presets: Path = PRESETS) -> None:
    """Overlay the preset on the parameters; write nothing if the result is wrong."""
    known = sorted(path.stem for path in presets.glob("*.yaml"))
    if name not in known:
        hint = did_you_mean(name, known) or f" Name one of: {', '.join(known)}."
        raise InputError(f"{presets}: no preset {name!r}, want one that is there.{hint}")
    load_params(params)
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    values = yaml.load(params.read_text(encoding="utf-8"))
    overlay = read_yaml(presets / f"{name}.yaml")
    if not isinstance(overlay, dict):
        raise InputError(
            f"{presets / name}.yaml: no mapping, want sections of params.yaml. Mend the file."
        )
    _overlay(values, overlay)
    text = StringIO()
    yaml.dump(values, text)
    parse_params(YAML(typ="safe", pure=True).load(text.getvalue()), str(presets / f"{name}.yaml"))
    draft = params.with_name(f".{params.name}.draft")
    draft.write_text(text.getvalue(), encoding="utf-8")
    draft.replace(params)


class _Representer(RoundTripRepresenter):
    """A representer that writes null as null, not as an empty value."""


_Representer.add_representer(
    type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _overlay(values: Any, overlay: Mapping[str, Any]) -> None:
    """Set what the overlay sets, section by section; lists are replaced as a whole."""
    for key, value in overlay.items():
        old = values.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            _overlay(old, value)
        elif isinstance(value, list) and isinstance(old, list) and old and value:
            # In place and from the end: the last item carries the comment that follows.
            del old[: max(0, len(old) - len(value))]
            for item in value[: len(value) - len(old)]:
                old.insert(0, item)
            for place, item in enumerate(value):
                if isinstance(item, Mapping) and isinstance(old[place], Mapping):
                    for absent in set(old[place]) - set(item):
                        del old[place][absent]
                    _overlay(old[place], item)
                else:
                    old[place] = item
        elif old != value:
            values[key] = value


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
