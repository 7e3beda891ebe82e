"""The way back from a run to the code and environment that made it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow.tracking.context.registry import resolve_tags

# What a run itself changes does not make the code that ran it any less the committed one.
OUTPUTS = (":!dvc.lock", ":!metrics", ":!reports", ":!**/.gitignore")
DIRTY, COMMIT, CODE = "git_dirty", "mlflow.source.git.commit", "code_tree"
ENVIRONMENT_LOCK = Path("uv.lock")
DIGITS = 12
PACKAGE = Path(__file__).parents[2]
SECRETS = "token|secret|password|passwd|signature|credential|api_?key|sig"


@lru_cache(maxsize=1)
def provenance_tags() -> dict[str, str]:
    """Tag who ran what: user, source, commit, whether files differ from it, locked packages."""
    tags = {name: without_password(value) for name, value in resolve_tags().items()}
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *OUTPUTS)
    if changed is not None:
        tags[DIRTY] = str(bool(changed)).lower()
    tree = _code_tree()
    if tree:
        tags[CODE] = tree
    if ENVIRONMENT_LOCK.is_file():
        digest = hashlib.sha256(ENVIRONMENT_LOCK.read_bytes()).hexdigest()
        tags["environment_lock"] = digest[:DIGITS]
    return tags


def committed_since(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags to correct of a run whose uncommitted changes have been committed by now.

    That is known of code that is to the byte the present one, if the present one is committed.
    """
    return made_again(tags) if tags.get(CODE) == provenance_tags().get(CODE) else {}


def made_again(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags to correct of a run of uncommitted code that committed code made again."""
    now = provenance_tags()
    if now.get(DIRTY) != "false" or tags.get(DIRTY) != "true":
        return {}
    return {key: now[key] for key in (DIRTY, COMMIT, CODE) if key in now}


def _code_tree() -> str | None:
    """Return git's digest of all tracked files as they are now, outputs excepted."""
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        outputs = [path.removeprefix(":!") for path in OUTPUTS]
        steps = (
            ("read-tree", "HEAD"),
            ("add", "--update", "--", "."),
            ("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "--", *outputs),
        )
        if any(_git(*step, **index) is None for step in steps):
            return None
        return _git("write-tree", **index)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a digest of the pipeline's own code and templates."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:DIGITS]


def code_state() -> tuple[str | None, bool]:
    """Return the commit of the present code, if it is known, and whether files differ from it."""
    tags = provenance_tags()
    return tags.get(COMMIT), tags.get(DIRTY) == "true"


def how_to_reproduce() -> str:
    """Write the commands that bring back what made the present run, as Markdown."""
    tags = provenance_tags()
    commit = tags.get(COMMIT)
    if commit is None:
        return "Reproduce: `make repro` (made outside a git repository, so no commit is known)."
    text = f"Reproduce: `git checkout {commit} && make repro`"
    if tags.get(DIRTY) == "true":
        text += " (made with changes that were not committed, so the result may differ)"
    return text + "."


def without_password(text: str) -> str:
    """Take the credentials out of the addresses in a text.

    A password may hold an @ of its own; tokens and signatures may stand in the query.
    """
    text = re.sub(r"://[^/\s'\"]*@", "://", text)
    return re.sub(rf"([?&][^=&\s]*(?:{SECRETS})[^=&\s]*=)[^&\s'\"]+", r"\1…", text, flags=re.I)


def _git(*arguments: str, **variables: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
