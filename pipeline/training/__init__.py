"""From arrays to fitted weights."""
