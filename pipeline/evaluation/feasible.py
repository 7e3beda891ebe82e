"""Check that there are rows enough for folds inside folds, and say what to lower if not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.config.errors import InputError
from pipeline.config.sections.evaluate import EvaluateParams
from pipeline.evaluation.outer import OuterFold, Rows

OFF = "set evaluate.folds to 0, which leaves the verdict to the test rows alone"


def check_feasible(rows: Rows, evaluate: EvaluateParams) -> None:
    """`InputError` if a class has too few rows, of different content or group, for the folds."""
    of_class = _groups(rows)
    folds, inner = evaluate.folds, evaluate.inner_folds
    label = min(of_class, key=lambda name: of_class[name])
    count = of_class[label]
    if _enough(count, folds, inner, rows.stop_share):
        return
    fewer = [
        (outer, within)
        for outer in range(folds, 1, -1)
        for within in range(inner, 1, -1)
        if _enough(count, outer, within, rows.stop_share)
    ]
    what = "groups" if rows.schema.group else "different rows"
    word = rows.schema.task.words.stratum
    raise InputError(
        f"evaluate: train and val have {count} {what} of {word} {label!r}, too few for {folds}"
        f" outer folds with {inner} folds inside each. {_advice(fewer, folds, inner, word)}"
    )


def check_outer(rows: Rows, outer: Sequence[OuterFold]) -> None:
    """`InputError` if a fit would lack a class, or a fold have no row, as groups may cause."""
    classes = len(np.unique(rows.labels))
    for part in outer:
        numbers = np.unique(part.inner)
        fitting = [part.rest[part.inner != number] for number in numbers]
        lacking = [positions for positions in fitting if _classes(rows, positions) < classes]
        if lacking or len(numbers) < 2 or not len(part.held_out) or not len(part.stop):
            word = rows.schema.task.words.stratum
            why = f"groups ({rows.schema.group}) cannot be cut" if rows.schema.group else "few rows"
            raise InputError(
                f"evaluate: outer fold {part.number} leaves some fit without a row of each {word}"
                f" ({why}), want rows of all of them in every fit. Lower evaluate.inner_folds to 2,"
                f" try another seed, or {OFF}."
            )


def _groups(rows: Rows) -> dict[str, int]:
    """Return how many rows of different content, or groups, each class has."""
    return {
        str(label): len(np.unique(rows.identity[rows.labels == label]))
        for label in np.unique(rows.labels)
    }


def _classes(rows: Rows, positions: np.ndarray) -> int:
    return len(np.unique(rows.labels[positions]))


def _enough(count: int, folds: int, inner: int, share: float) -> bool:
    """Say whether a class with this many rows has one in each outer, inner and stop part."""
    training = count - -(-count // folds)
    stop = max(1, round(share * training))
    return count >= folds and training - stop >= inner


def _advice(fewer: Sequence[tuple[int, int]], folds: int, inner: int, word: str) -> str:
    if not fewer:
        return f"Add rows of that {word}, or {OFF}."
    outer, within = max(fewer, key=lambda pair: (sum(pair), pair))
    lower = [
        f"{name} to {number}"
        for name, number, present in (
            ("evaluate.folds", outer, folds),
            ("evaluate.inner_folds", within, inner),
        )
        if number < present
    ]
    return f"Lower {' and '.join(lower)}, add rows of that {word}, or {OFF}."
