"""Write `docs/parameters.md`, the reference of all parameters, from `params.yaml` and its types.

`python -m checks.parameters` fails where the page is out of date; with `--write`, it is rewritten.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from pipeline.config.params import Params
from pipeline.config.section import Section
from pipeline.project.imports import PACKAGE

ROOT = PACKAGE.parent
PAGE = ROOT / "docs/parameters.md"
COMMENT = re.compile(r"^( *)# ?(.*)$")
KEY = re.compile(r"^( *)(\w+):(.*)$")
PAGE_NAME = re.compile(r"docs/([\w.-]+\.md)")
ITEM_INDENT = 2
HEAD = """# All parameters

<!-- Written by `python -m checks.parameters --write`. To change this page, change params.yaml. -->

Every setting of `params.yaml`: what it is for, what it may be, and its default.
`dvc exp run -S search.trials=20` sets another value and runs it as an experiment.
`git checkout params.yaml` takes it back.
A wrong value stops the run with one line before any work is done.
"""


@dataclass
class Entry:
    """Keys that one comment of `params.yaml` explains."""

    comment: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def main() -> None:
    text = (ROOT / "params.yaml").read_text()
    page = reference(text)
    if PAGE.is_file() and PAGE.read_text() == page:
        return
    if "--write" not in sys.argv[1:]:
        sys.exit(
            f"{PAGE.relative_to(ROOT)}: differs from params.yaml or its types, want it rewritten."
            " Run: python -m checks.parameters --write"
        )
    PAGE.write_text(page)


def reference(text: str) -> str:
    """Return the page about a `params.yaml` of this text."""
    values = YAML(typ="safe").load(text)
    grouped = list(entries(text))
    own_lines = {key for entry in grouped for key in entry.keys}
    lines = [HEAD]
    section = ""
    for entry in grouped:
        if entry.keys[0].split(".")[0] != section:
            section = entry.keys[0].split(".")[0]
            lines += [f"## {section}", ""]
        keys = [key for key in entry.keys if "." in key or not isinstance(values[key], dict)]
        described = [line for key in keys for line in describe(key, values, own_lines)]
        if keys and keys != [section]:
            lines += [f"### {title(keys)}", ""]
        lines += [*described, "", *paragraphs(entry.comment), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def title(keys: Sequence[str]) -> str:
    """Return the keys as a heading, without those inside another one of them."""
    return ", ".join(key for key in keys if not any(key.startswith(f"{other}.") for other in keys))


def entries(text: str) -> Iterator[Entry]:
    """Yield the keys of each comment in the order of the file, without those inside a list."""
    path: list[tuple[int, str]] = []
    entry = Entry()
    for line in text.partition("\n\n")[2].splitlines():
        if match := COMMENT.match(line):
            if entry.keys:
                yield entry
                entry = Entry()
            entry.comment.append(match[2])
        elif match := KEY.match(line):
            indent = len(match[1])
            path = [*(parent for parent in path if parent[0] < indent), (indent, match[2])]
            # A section begins anew; a comment on a key says nothing of the section after it.
            if indent == 0 and entry.keys:
                yield entry
                entry = Entry()
            entry.keys.append(".".join(name for _, name in path))
    if entry.keys:
        yield entry


def paragraphs(comment: list[str]) -> Iterator[str]:
    """Yield the comment as Markdown; its indented lines become a list."""
    listing = False
    for line in comment:
        indent = len(line) - len(line.lstrip())
        text = line.strip().replace("<", "&lt;").replace("*", "\\*")
        text = PAGE_NAME.sub(r"[\1](\1)", text)
        if indent == ITEM_INDENT and not listing:
            yield ""
        listing = indent >= ITEM_INDENT
        yield f"- {text}" if indent == ITEM_INDENT else f"{' ' * indent}{text}"


def describe(key: str, values: Mapping[str, Any], own_lines: Collection[str]) -> Iterator[str]:
    """Yield an item for the key: what it may be, and its default. Yield one per key of a mapping.

    own_lines: keys that have a line of their own in the file, and so an item of their own.
    """
    value: Any = values
    for name in key.split("."):
        value = value[name]
    found = find_field(key)
    inner = section_of(found) if found else None
    if isinstance(value, dict) and inner:
        if found and found.description:
            yield f"- `{key}`: {found.description}; its default is below."
        for name in value:
            if f"{key}.{name}" not in own_lines:
                yield from describe(f"{key}.{name}", values, own_lines)
        return
    wanted = found.description if found and found.description else "see above"
    yield f"- `{key}`: {wanted}; default `{written(value)}`."
    if isinstance(value, list) and inner:
        for name, part in inner.model_fields.items():
            yield f"- `{name}` of each: {part.description}{_default(part)}."


def _default(part: FieldInfo) -> str:
    return "" if part.is_required() else f"; default `{written(part.default)}`"


def find_field(key: str) -> FieldInfo | None:
    """Return the field of a dotted key, from the types of the parameters."""
    section: type[Section] | None = Params
    found: FieldInfo | None = None
    for name in key.split("."):
        found = section.model_fields.get(name) if section else None
        section = section_of(found) if found else None
    return found


def section_of(found: FieldInfo) -> type[Section] | None:
    """Return the section that a field holds, itself or in a list or a union."""
    for annotation in (found.annotation, *get_args(found.annotation)):
        if isinstance(annotation, type) and issubclass(annotation, Section):
            return annotation
    return None


def written(value: Any) -> str:
    """Return a value as it may stand in `params.yaml`, in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(inner) for inner in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return value or "''" if isinstance(value, str) else f"{value:g}"


if __name__ == "__main__":
    main()
