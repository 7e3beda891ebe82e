from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from pipeline.tracking.models import network_digest


def saved(path: Path, when: str, weights: bytes = b"w", kernel: int = 3) -> Path:
    """A file with the parts that Keras writes."""
    with ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", f'{{"date_saved": "{when}"}}')
        archive.writestr("config.json", f'{{"kernel": {kernel}}}')
        archive.writestr("model.weights.h5", weights)
    return path


def test_digest_tells_networks_apart_and_not_when_they_were_saved(tmp_path: Path) -> None:
    first = network_digest(saved(tmp_path / "a.keras", "noon"))
    assert network_digest(saved(tmp_path / "b.keras", "midnight")) == first
    assert network_digest(saved(tmp_path / "c.keras", "noon", weights=b"v")) != first
    assert network_digest(saved(tmp_path / "d.keras", "noon", kernel=5)) != first
