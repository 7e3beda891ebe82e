"""From a source to arrays."""
