"""Let DVC watch the table: in the folder `data.watch`, or by a link there to a file elsewhere."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.errors import InputError, one_line

LINKS = "linked"


def link_outside(source: str, watch: str) -> Path | None:
    """Link a file outside the project into the watched folder, so that DVC sees it change.

    source: an absolute path, or anything else, for which there is no link. Return the link; links
    to earlier sources are removed.
    """
    path, folder = Path(source), Path(watch) / LINKS
    outside = path.is_absolute() and not _inside(path, Path(watch)) and path.is_file()
    link = folder / path.name if outside and _is_ours(Path(watch)) else None
    if folder.is_dir():
        for old in folder.iterdir():
            if old.is_symlink() and not (old == link and old.readlink() == path):
                old.unlink()
    if link is not None and not link.is_symlink():
        folder.mkdir(exist_ok=True)
        link.symlink_to(path)
    elif link is None and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return link


def check_watched(path: Path, watch: Path) -> None:
    """Raise an `InputError` if DVC does not see a file change."""
    # Not resolved: a link in the watched folder is watched.
    if not _inside(path, watch) and not _is_linked(path, watch):
        raise InputError(
            f"{one_line(str(path))}: not in data.watch = {watch}, want it there, so that DVC sees"
            " it change. Move it, link it, or set data.watch to"
            f" {one_line(str(path.parent if path.parent.name else path))}."
        )


def _inside(path: Path, watch: Path) -> bool:
    inside, outside = path.absolute(), watch.absolute()
    return outside == inside or outside in inside.parents


def _is_linked(path: Path, watch: Path) -> bool:
    link = watch / LINKS / path.name
    return link.is_symlink() and link.readlink() == path


def _is_ours(watch: Path) -> bool:
    """Say whether a watched folder is the project's, and nobody else's to write into."""
    return watch.is_dir() and _inside(watch, Path.cwd())
