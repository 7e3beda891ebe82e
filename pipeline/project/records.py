"""Write records under the names that their task gives losses, and read them back.

In records a loss is a `loss`, whatever the task. In files and in MLflow it has its own name, as
`log_loss` or `squared_error`, so that nobody takes one for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from pipeline.tasks.task import Task

# What stands before the loss's name, as in `cv_log_loss`.
PREFIXES = ("", "cv_", "train_", "val_", "pruned_")
# Fields whose entries are written as if they were fields themselves.
INLINE = ("levels",)


def written(record: Any, task: Task) -> Any:
    """Return a record as plain values for JSON, with the names of the task's losses.

    The names of a record's fields are those of the code; keys of mappings, which may come from the
    data, stay as they are. A field in the record's `left_out` is not written while it has no value.
    """
    return _plain(record, _names(task))


def read_back(values: Any, task: Task) -> Any:
    """Return what `written` gave, with the names that the records have.

    Only for values in which no mapping has keys that come from the data.
    """
    return _renamed(values, {name: field for field, name in _names(task).items()})


def written_schema(schema: dict[str, Any], task: Task) -> dict[str, Any]:
    """Return the JSON schema of what `written` gives, from pydantic's schema of the record."""
    entries = {"levels": [level.name for level in task.levels]}
    definitions = {
        name: _object_schema(definition, _names(task), entries)
        for name, definition in schema.get("$defs", {}).items()
    }
    return _object_schema(schema, _names(task), entries) | {"$defs": definitions}


def _object_schema(
    schema: Any, names: Mapping[str, str], entries: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Rename the properties of one object, and spread those whose entries stand for fields."""
    properties: dict[str, Any] = {}
    for name, wanted in schema.get("properties", {}).items():
        if name in INLINE:
            for entry in entries[name]:
                properties[entry] = {"title": _title(entry), "type": "number"}
        elif name in names:
            titled = {"title": _title(names[name])} if "title" in wanted else {}
            properties[names[name]] = {**wanted, **titled}
        else:
            properties[name] = wanted
    renamed = dict(schema)
    if properties:
        renamed["properties"] = properties
    if "required" in schema:
        renamed["required"] = [
            entry
            for name in schema["required"]
            for entry in (entries[name] if name in INLINE else [names.get(name, name)])
        ]
    return renamed


def _title(name: str) -> str:
    return name.replace("_", " ").title()


def _names(task: Task) -> dict[str, str]:
    """Return what the task calls each field that holds a loss."""
    names = {f"{prefix}loss": f"{prefix}{task.loss.name}" for prefix in PREFIXES}
    return {**names, "second_loss": task.second_loss.name}


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, BaseModel):
        return _fields(value, list(type(value).model_fields), names)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, [field.name for field in fields(value)], names)
    if isinstance(value, Mapping):
        return {key: _plain(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, names) for item in value]
    return value


def _fields(record: Any, own: list[str], names: Mapping[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name in own:
        value = getattr(record, name)
        if name in getattr(record, "left_out", ()) and not value:
            continue
        if name in INLINE:
            plain |= _plain(value, names)
        else:
            plain[names.get(name, name)] = _plain(value, names)
    return plain


def _renamed(values: Any, fields_of: Mapping[str, str]) -> Any:
    if isinstance(values, dict):
        return {fields_of.get(k, k): _renamed(item, fields_of) for k, item in values.items()}
    if isinstance(values, list):
        return [_renamed(item, fields_of) for item in values]
    return values
