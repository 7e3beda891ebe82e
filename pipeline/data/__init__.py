"""Turn a source into arrays."""
