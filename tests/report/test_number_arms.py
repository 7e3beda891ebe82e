"""Where a number is predicted, people read the RMSE beside the squared error."""

from __future__ import annotations

from math import sqrt

import pytest

from pipeline.evaluation.tables import arms_table
from pipeline.report.document import TableBlock
from pipeline.report.sections.answer import key_figures
from pipeline.report.sections.arms import arms
from pipeline.text.numbers import fixed
from tests.made_evaluation import evaluation
from tests.report.made_report import comparison


@pytest.mark.parametrize("task", [None, "regression"])
def test_the_root_of_a_squared_error_stands_beside_it(task: str | None) -> None:
    made = evaluation(-0.08, 0.03).model_copy(update={"task_name": task})
    tables = [block for block in arms(comparison(made, 0.0)) if isinstance(block, TableBlock)]
    with_losses = [table for table in tables if table.header[0] in ("Arm", "Model")]
    assert len(with_losses) == 2
    root = fixed(sqrt(made.tuned.loss))
    for table in with_losses:
        assert all(len(row) == len(table.header) for row in table.rows)
        (tuned,) = [row for row in table.rows if row[0] in ("Tuned mix", "Tuned network")]
        if task is None:
            assert "RMSE" not in table.header
        else:
            assert tuned[table.header.index("RMSE")] == root
    note = key_figures(made)[0].note
    expected = f"RMSE from {fixed(sqrt(made.baseline.loss))} to {root}"
    assert note.endswith(expected) is (task is not None)
    written = arms_table(made)
    assert ("rmse" in written) is (task is not None)
    if task:
        assert written["rmse"][1] == pytest.approx(sqrt(made.tuned.loss))
