"""Command `new`, which the wheel installs as `regularization-pipeline`: make a project of a table.

The wheel carries the project's files, and this command copies them into a new folder.
"""

from __future__ import annotations

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.config.editor import edit_params
from pipeline.config.errors import InputError
from pipeline.project.run_stage import run_stage

COMMAND = "regularization-pipeline"
PACKAGE = Path(__file__).parents[1]
TEMPLATE = PACKAGE / "template"
TABLES = Path("tables")
# Whoever has told git no name can still have a first commit.
NOBODY = {
    f"GIT_{who}_{what}": f"{COMMAND}{at}"
    for who in ("AUTHOR", "COMMITTER")
    for what, at in (("NAME", ""), ("EMAIL", "@localhost"))
}
# What the Makefile sets for those who run the project with `make`.
SETTINGS = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def run() -> None:
    """Run the command; this is what the wheel's script calls."""
    run_stage(main)


def main() -> None:
    arguments = read_arguments()
    files = find_tables(arguments.source)
    folder = arguments.folder or Path(plain_name(arguments.source))
    overlay = settings(arguments, files)
    make_project(folder, files, overlay)
    sys.stdout.write(
        f"The project is in {folder}: a git and DVC repository with its own code and settings.\n"
    )
    if arguments.no_run:
        sys.stdout.write(f"Run it: cd {folder} && make repro\n")
        return
    sys.stdout.write(f"It runs now; later, go on with: cd {folder} && make repro\n")
    sys.stdout.flush()
    start(folder)


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments, of this process unless others are given."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Make a project that answers whether regularization helps on a table,"
        " and run it.",
    )
    parser.add_argument(
        "source", help="a table (CSV, Parquet, a workbook, …) or what else data.source may be"
    )
    parser.add_argument("--target", help="the column to predict; a file needs it")
    parser.add_argument(
        "--folder", type=Path, help="where to make the project (default: named after the table)"
    )
    parser.add_argument(
        "-S",
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="values",
        help="set a value of params.yaml, e.g. search.trials=20; may be repeated",
    )
    parser.add_argument("--no-run", action="store_true", help="make the project only")
    return parser.parse_args(given)


def find_tables(source: str) -> list[Path]:
    """Return the files that the source names; none if it is not a file at all."""
    files = [Path(match) for match in sorted(glob.glob(source))]  # noqa: PTH207
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: this is no file, want a table. Name a file in it.")
    if not files and "://" not in source and (Path(source).suffix or os.sep in source):
        raise InputError(
            f"{source}: there is no such file, want a table. Check the path, which counts from"
            f" {Path.cwd()}."
        )
    return files


def settings(arguments: argparse.Namespace, files: Sequence[Path]) -> dict[str, Any]:
    """Return what the arguments set in `params.yaml`; `InputError` if they are incomplete."""
    if files and arguments.target is None:
        raise InputError(
            f"{arguments.source}: the target is missing, want the column to predict. Add it, e.g."
            " --target churn."
        )
    source = str(TABLES / Path(arguments.source).name) if files else arguments.source
    overlay: dict[str, Any] = {"data": {"source": source}}
    if arguments.target is not None:
        overlay["data"]["target"] = arguments.target
    if arguments.source != "breast_cancer":
        overlay["tracking"] = {"model_name": f"{plain_name(arguments.source)}-net"}
    for setting in arguments.values:
        _set(overlay, setting)
    return overlay


def _set(overlay: dict[str, Any], setting: str) -> None:
    """Set one KEY=VALUE, whose value is written as in `params.yaml`."""
    key, sign, text = setting.partition("=")
    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        sign = ""
    if not (key and sign):
        raise InputError(
            f"-S {setting}: this is no setting, want KEY=VALUE with a value as in params.yaml."
            " Change it, e.g. -S search.trials=20."
        )
    *sections, name = key.split(".")
    for section in sections:
        overlay = overlay.setdefault(section, {})
    overlay[name] = value


def plain_name(source: str) -> str:
    """Return the source's name in letters, digits, '-' and '_'."""
    stem = source.rstrip("/").rpartition("/")[2].partition(".")[0]
    return re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-") or "table"


def make_project(folder: Path, files: Sequence[Path], overlay: Mapping[str, Any]) -> None:
    """Copy the template and the tables, set the parameters, and commit all but the tables.

    If anything is wrong, `InputError` says so and the folder is as it was.
    """
    if not TEMPLATE.is_dir():
        raise InputError(
            f"{TEMPLATE}: there is no template, want the installed wheel. In a clone of the"
            " repository, set data.source and data.target in params.yaml and run dvc repro."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder}: the folder is not empty, want a new or an empty one. Name another, e.g."
            f" --folder {folder}-2."
        )
    if shutil.which("git") is None:
        raise InputError("git: the program is not installed, want it. Install git, and try again.")
    was_there = folder.is_dir()
    try:
        _fill(folder, files, overlay)
    except BaseException:
        for path in list(folder.iterdir()) if folder.is_dir() else []:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not was_there and folder.is_dir():
            folder.rmdir()
        raise


def _fill(folder: Path, files: Sequence[Path], overlay: Mapping[str, Any]) -> None:
    byte_code = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True, ignore=byte_code)
    code = shutil.ignore_patterns("__pycache__", TEMPLATE.name)
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=code)
    for file in files:
        shutil.copy(file, folder / TABLES / file.name)
    edit_params(overlay, "params.yaml of the new project", folder / "params.yaml")
    # DVC takes a relative folder from wherever it is at, which in a copy of the project is another.
    site_cache = f"[core]\n    site_cache_dir = {folder.resolve() / '.state/dvc'}\n"
    (folder / ".dvc/config.local").write_text(site_cache.replace("%", "%%"))
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "Make the project from its template")


def _git(folder: Path, *arguments: str) -> None:
    command = ["git", "-C", str(folder)]
    known = subprocess.run([*command, "var", "GIT_COMMITTER_IDENT"], capture_output=True)
    names = {} if known.returncode == 0 else NOBODY
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, env=os.environ | names
    )
    if done.returncode:
        raise InputError(
            f"{folder}: git {arguments[0]} failed ({done.stderr.strip()}), want a folder that git"
            " can use. Mend that, and try again."
        )


def start(folder: Path) -> None:
    """Become `dvc repro` in the project's folder, with the packages of this environment."""
    os.chdir(folder)
    environment = os.environ | SETTINGS
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execve(sys.executable, [sys.executable, "-m", "dvc", "repro"], environment)


if __name__ == "__main__":
    run()
