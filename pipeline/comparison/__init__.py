"""The experiments behind the verdict: what is trained, and what the fits show."""
