"""The decision whether a model goes live: checks, drift, margin, and the page about it."""
