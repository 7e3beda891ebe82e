"""The run of an evaluation in MLflow, its outer folds as steps."""
