"""Commands that people and schedulers run beside `dvc repro`, one module for each."""

from pipeline.project.run_stage import end_while_starting

end_while_starting()
