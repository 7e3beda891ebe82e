"""Checks of the project's own files, for `make check`."""
