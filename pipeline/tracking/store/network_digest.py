"""Tell one network from every other, whichever file it is saved in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zipfile import ZipFile

# Tag of a registered version: digest of the network that it was made from.
NETWORK_TAG = "network"
DIGEST_LENGTH = 32
# The name of the weights in a .keras file.
WEIGHTS = "model.weights.h5"


def network_digest(network: Path) -> str:
    """Return the digest of a network's weights.

    The rest of a .keras file changes with each saving: the time, and objects' addresses.
    """
    with ZipFile(network) as archive:
        return hashlib.sha256(archive.read(WEIGHTS)).hexdigest()[:DIGEST_LENGTH]
