"""Read the values of a YAML file, with errors of one line."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.config.errors import InputError

PARAMS_FILE = Path("params.yaml")


def read_yaml(path: Path) -> object:
    """Return the values of a YAML file as DVC reads them; `InputError` explains its fault."""
    try:
        # YAML 1.2, as DVC reads it: 1e-5 is a number, off is a word.
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}), want the parameters."
            " Run from the project's folder, or restore it with git checkout params.yaml."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8, want UTF-8 text. Save the file as UTF-8."
        ) from None
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(
            f"{path}: line {line} gives a key for the second time, want each key once."
            " Delete one of the two."
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise InputError(
            f"{path}: {where} is not YAML ({error.problem}), want 'key: value'."
            " Check indentation, colons and quotes there."
        ) from None
    except YAMLError as error:
        problem = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not YAML ({problem}), want 'key: value' lines. Remove what is not text."
        ) from None
