"""Views of a study for people: plots, progress and a summary."""
