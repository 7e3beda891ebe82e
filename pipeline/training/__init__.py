"""From arrays to fitted weights."""

from pipeline.training._tensorflow import start_tensorflow

start_tensorflow()
