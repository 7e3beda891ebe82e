"""The only room that imports mlflow."""
