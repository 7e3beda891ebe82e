"""A study's runs in MLflow, written while the study grows."""
