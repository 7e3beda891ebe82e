"""The search: from a space to the best trial."""
