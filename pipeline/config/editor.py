"""Changing values of `params.yaml` and nothing else: its comments, quotes and layout stay.

A plain value is replaced where it stands, so that all other bytes stay too. A list or a new key
goes through ruamel's round trip, which keeps comments but may lay out other lines anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from pipeline.config.params import load_params, parse_params
from pipeline.config.reader import PARAMS_FILE

LINE_LENGTH = 100


def edit_params(overlay: Mapping[str, Any], origin: str, path: Path = PARAMS_FILE) -> bool:
    """Set what the overlay sets; return whether that changed anything.

    origin: where the values come from, for the errors. `InputError`, with the file as it was, if
    the file or the outcome is not valid.
    """
    load_params(path)
    text = path.read_bytes().decode("utf-8")
    values = _plain(text)
    wanted = _merged(values, overlay)
    parse_params(wanted, origin)
    changes = _changes(values, overlay)
    if not changes:
        return False
    edited = _replaced_in_place(text, changes)
    if _plain(edited) != wanted:
        edited = _round_trip(edited, changes)
    _write(path, edited)
    return True


def _plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def _merged(values: Any, overlay: Mapping[str, Any]) -> Any:
    """Return the values with those of the overlay, section by section."""
    if not isinstance(values, Mapping):
        return values
    merged = dict(values)
    for key, value in overlay.items():
        old = merged.get(key)
        nested = isinstance(value, Mapping) and isinstance(old, Mapping)
        merged[key] = _merged(old, value) if nested else value
    return merged


def _changes(values: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the overlay that differs from the values."""
    changes = {}
    for key, value in overlay.items():
        old = values.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            value = _changes(old, value)
            if not value:
                continue
        elif key in values and (old, type(old)) == (value, type(value)):
            continue
        changes[key] = value
    return changes


def _replaced_in_place(text: str, overlay: Mapping[str, Any]) -> str:
    """Replace each plain value of the overlay that is in the text, where it stands."""
    places = _places(YAML().compose(text), overlay)
    # From the end, so that the places before stay true.
    for node, value in sorted(places, key=lambda place: -place[0].start_mark.index):
        text = text[: node.start_mark.index] + _scalar(value) + text[node.end_mark.index :]
    return text


def _places(node: Any, overlay: Mapping[str, Any]) -> Iterator[tuple[ScalarNode, Any]]:
    if not isinstance(node, MappingNode):
        return
    for key, place in node.value:
        value = overlay.get(key.value)
        if isinstance(value, Mapping):
            yield from _places(place, value)
        elif key.value in overlay and isinstance(place, ScalarNode) and not isinstance(value, list):
            yield place, value


def _scalar(value: Any) -> str:
    """Write a plain value as YAML, in one line."""
    text = StringIO()
    _yaml().dump([value], text)
    return text.getvalue().strip().removeprefix("- ")


def _round_trip(text: str, overlay: Mapping[str, Any]) -> str:
    yaml = _yaml()
    values = yaml.load(text)
    _overlay(values, overlay)
    edited = StringIO()
    yaml.dump(values, edited)
    return edited.getvalue()


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


class _Representer(RoundTripRepresenter):
    """Writes null as null, not as nothing."""


_Representer.add_representer(
    type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = LINE_LENGTH
    return yaml


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all; a link to it stays a link."""
    file = path.resolve()
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        draft.write_bytes(text.encode("utf-8"))
        shutil.copymode(file, draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
