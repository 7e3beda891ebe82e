"""Nested cross-validation: what the whole procedure of tuning is worth, on rows it never saw."""
