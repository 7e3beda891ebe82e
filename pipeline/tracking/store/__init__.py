"""The connection to MLflow, and what every kind of run needs of it."""
