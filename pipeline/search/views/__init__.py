"""A study for people: plots, progress and a summary."""
