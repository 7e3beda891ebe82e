"""The only room that imports MLflow: the connection, a study's runs, models, and their registry."""
