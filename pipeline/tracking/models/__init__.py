"""A comparison's runs in MLflow, and the models that they log and register."""
