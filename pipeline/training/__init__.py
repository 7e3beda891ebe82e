"""The training: from arrays to fitted weights."""
