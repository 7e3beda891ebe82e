from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.data.description import describe
from pipeline.data.table import Table
from pipeline.tracking.models.logged import columns_note

# The least that MLflow's databases hold of a tag.
TAG_LETTERS = 5000


def test_a_model_says_its_columns_in_what_a_tag_can_hold() -> None:
    names = ["|pipe| *star*", "line\nend", *("_" * 300 + str(n) for n in range(200))]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, len(names))), columns=names)
    frame = frame.assign(**{f"{'_' * 300}c{n}": 1 for n in range(90)}, y=["a", "b"] * 10)
    note = columns_note(describe(Table("toy", "", frame, "y", ("a", "b")), None))
    assert len(note) < TAG_LETTERS
    assert "Takes rows with these 202 columns" in note
    assert "| \\|pipe\\| \\*star\\* | a number |" in note
    assert "| line end | a number |" in note
    assert "… and 177 more" in note
