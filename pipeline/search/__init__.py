"""From a space to the best trial."""
