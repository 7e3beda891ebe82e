"""The only reader of `params.yaml`: its sections, its errors, its editor."""
