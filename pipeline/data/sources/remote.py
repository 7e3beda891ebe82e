"""Download tables from URLs, through fsspec."""

from __future__ import annotations

import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.config.errors import InputError
from pipeline.config.sections.data import DataParams
from pipeline.data.sources.packed import BLOCK_BYTES, MB

# A time limit may be met a little early.
SLACK_S = 0.1


def shown_url(url: str) -> str:
    """Return the address without what may be secret: user, password, query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def download(url: str, data: DataParams, scratch: Path) -> Path:
    """Fetch a URL into `scratch`, within the limits of size and time."""
    from fsspec.core import url_to_fs

    shown = shown_url(url)
    file = scratch / "download"
    deadline, taken = time.monotonic() + data.timeout_s, 0
    try:
        # Not fsspec.open: it takes the ? of a query for a pattern.
        system, address = url_to_fs(url, **_options(url, data.timeout_s))
        with system.open(address, "rb") as remote, file.open("wb") as to:
            while block := remote.read(BLOCK_BYTES):
                taken += len(block)
                if taken > data.max_mb * MB:
                    raise InputError(
                        f"{shown}: larger than data.max_mb = {data.max_mb}, want at most that."
                        " Raise data.max_mb if the file is what you expect."
                    )
                if time.monotonic() > deadline:
                    raise TimeoutError
                to.write(block)
    except InputError:
        raise
    except (TimeoutError, FileNotFoundError) as error:
        # fsspec turns a time-out into "not found" while it looks whether the address is there.
        late = time.monotonic() > deadline - SLACK_S
        if not late and isinstance(error, FileNotFoundError):
            raise InputError(f"{shown}: {_why_not_there(error.__cause__, url)}") from None
        raise InputError(
            f"{shown}: no answer, or not all of it, within data.timeout_s = {data.timeout_s}, want"
            " the file. Try again, raise data.timeout_s, or download it yourself."
        ) from None
    except ImportError as error:
        raise InputError(
            f"{shown}: needs a package that is not installed ({error}), want a scheme fsspec can"
            " open. Install it, e.g. s3fs for s3://, gcsfs for gs://, adlfs for abfs://."
        ) from None
    # Every file system raises errors of its own.
    except Exception as error:
        raise InputError(
            f"{shown}: cannot be downloaded ({first_line(error, url)}), want a file."
            " Check address and connection, or download it yourself."
        ) from None
    return file


def _options(url: str, timeout_s: int) -> dict[str, Any]:
    if urlsplit(url).scheme not in {"http", "https"}:
        return {}
    from aiohttp import ClientTimeout

    # One stream from start to end: not every server gives ranges.
    return {"block_size": 0, "client_kwargs": {"timeout": ClientTimeout(total=timeout_s)}}


def _why_not_there(cause: BaseException | None, url: str) -> str:
    """Say why fsspec found nothing: it calls everything "not found", and gives the cause."""
    status = getattr(cause, "status", None)
    if status not in {None, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        text = HTTPStatus(status).phrase if status in {*HTTPStatus} else "an error"
        return (
            f"the server answers {status} ({text}), want the file."
            " Check the address and what it takes to be let in, or download it yourself."
        )
    if isinstance(cause, OSError):
        reason = getattr(cause, "os_error", None) or cause
        why = getattr(reason, "strerror", None) or first_line(reason, url)
        return (
            f"no connection to {urlsplit(url).hostname!r} ({why}), want a host that answers."
            " Check the name of the host and the network, or download the file yourself."
        )
    return "not found, want a file. Check the address, e.g. in a browser."


def first_line(error: BaseException, url: str) -> str:
    """Return the error's first line without the address, which may hold a password."""
    text = (
        str(getattr(error, "orig", None) or error.__cause__ or error) or type(error).__name__
    ).splitlines()[0]
    secret = urlsplit(url).password
    text = text.replace(url, "…")
    return (text.replace(secret, "…") if secret else text)[:200].rstrip(".")
