"""The DVC stages, a page each: inputs, outputs and the order of things."""

from pipeline.project.run_stage import end_while_starting, show_start

end_while_starting()
show_start()
