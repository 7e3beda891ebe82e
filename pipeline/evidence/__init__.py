"""From predictions to a verdict: pure functions that know nothing of MLflow, Optuna or DVC."""
