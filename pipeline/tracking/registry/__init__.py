"""The registered models: versions, aliases and the journal of decisions."""
