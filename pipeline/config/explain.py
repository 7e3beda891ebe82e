"""Explain each fault in the parameters in one line."""

from __future__ import annotations

from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipeline.config.errors import did_you_mean
from pipeline.config.section import Section, shown


def explain(detail: ErrorDetails, root: type[Section]) -> str:
    """Write one of pydantic's errors about the root section as `key is value, want …. Fix.`"""
    location, kind = detail["loc"], detail["type"]
    key = _dotted(location)
    if kind == "extra_forbidden":
        siblings = _section_at(location[:-1], root).model_fields
        hint = did_you_mean(str(location[-1]), siblings) or f" Known keys: {', '.join(siblings)}."
        return f"{key} is unknown, want a known key.{hint}"
    if kind == "value_error":
        message = str(detail["ctx"]["error"])
        return f"{key}: {message}" if key else message
    field = _field_at(location, root)
    wanted = field.description if field else None
    if kind == "missing":
        if wanted is None:
            return f"{key} is missing, want this section. Copy it from git show HEAD:params.yaml."
        return f"{key} is missing, want {wanted}. Add it, e.g. {_example(field)}."
    if wanted is None:
        return f"{key} is {shown(detail['input'])}, want a section of keys. Indent its keys below."
    return f"{key} is {shown(detail['input'])}, want {wanted}. Change it, e.g. {_example(field)}."


def _dotted(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _section_at(location: tuple[int | str, ...], root: type[Section]) -> type[Section]:
    section = root
    for part in location:
        if isinstance(part, int):
            continue
        inner = _section_of(section.model_fields[part])
        assert inner is not None
        section = inner
    return section


def _section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section that a field holds, itself or in a list; None for plain values."""
    for annotation in (field.annotation, *get_args(field.annotation)):
        if isinstance(annotation, type) and issubclass(annotation, Section):
            return annotation
    return None


def _field_at(location: tuple[int | str, ...], root: type[Section]) -> FieldInfo | None:
    """Return the field an error is about, or whose list or mapping it is in; None for a section.

    The item of a list of sections is a section too.
    """
    section: type[Section] | None = root
    field: FieldInfo | None = None
    for part in location:
        if section is None:
            break
        if isinstance(part, int):
            field = None
            continue
        field = section.model_fields.get(part)
        section = _section_of(field) if field else None
    return field


def _example(field: FieldInfo | None) -> object:
    example = field.examples[0] if field and field.examples else ""
    return str(example).lower() if isinstance(example, bool) else example
