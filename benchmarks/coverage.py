"""Measure how often intervals of a difference of procedures hold the true one, and their widths.

`make bench PARTS=coverage` does STUDIES (200) studies of each case, each some 1 s of one core, and
keeps them in STUDY_FOLDER (.state/coverage): a run that was stopped goes on where it was, and a
change of method needs no new study. It writes `reports/coverage.md`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.interval_methods import METHODS, Method, bbc_cv, one_split, rows_and_fits
from benchmarks.populations import CASES, mnist_archive
from benchmarks.studies import ARMS, DESIGN, REPEATS, Study, kept_study
from pipeline.tasks.arrays import Floats

RESULT = Path("reports/coverage.md")
# As many as `evaluate.repeats`; the pipeline's method is measured with fewer and more as well.
USUAL = 4
QUESTION, SAME = ("tuned", "baseline"), ("other seed", "baseline")
OTHERS = (
    ("dropout", "baseline"),
    ("early stopping", "baseline"),
    ("L2", "baseline"),
    ("tuned", "dropout"),
    ("weak L2", "strong L2"),
    ("dropout", "early stopping"),
)
PAIRS = (QUESTION, *OTHERS, SAME)
PLACES = np.array([[ARMS.index(name) for name in pair] for pair in PAIRS])


@dataclass(frozen=True)
class Candidate:
    """An interval to be judged.

    bounds: (pair, 2), from a study. loss: which of the population's means it is about.
    """

    bounds: Callable[[Study], Floats]
    loss: int = 0


def _pairs(losses: Floats) -> Floats:
    """Return (pair, …) differences of (arm, …) losses."""
    return np.asarray(losses[PLACES[:, 0]] - losses[PLACES[:, 1]])


def _nested(method: Method, repeats: int) -> Candidate:
    return Candidate(
        lambda study: method(_pairs(study.losses()[:, :repeats]), study.fold[:repeats])
    )


CANDIDATES: dict[str, Candidate] = {
    **{name: _nested(method, USUAL) for name, method in METHODS.items()},
    "BBC-CV": Candidate(lambda study: bbc_cv(study.losses()[: len(DESIGN), :USUAL].mean(1))[None]),
    "one split": Candidate(lambda study: one_split(_pairs(study.split_losses()))),
    **{
        f"rows and fits, {repeats} x": _nested(rows_and_fits, repeats)
        for repeats in range(1, REPEATS + 1)
        if repeats != USUAL
    },
    "rows and fits, Brier": Candidate(
        lambda study: rows_and_fits(_pairs(study.brier()[:, :USUAL]), study.fold[:USUAL]), loss=1
    ),
}


# Widths are shown as multiples of the width of the pipeline's interval.
REFERENCE = "rows and fits"

Figures = Mapping[str, Mapping[str, Mapping[str, float]]]


def coverage() -> dict[str, object]:
    """Return figures in percent, and median widths, by population and interval."""
    wanted = os.environ.get("STUDIES", "200")
    if not (wanted.isdecimal() and int(wanted) > 1):
        raise SystemExit(f"bench: STUDIES is {wanted!r}, want a whole number from 2, e.g. 200.")
    count = int(wanted)
    folder = Path(os.environ.get("STUDY_FOLDER", ".state/coverage")).expanduser()
    mnist_archive()
    figures = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for place, case in enumerate(CASES):
            work = pool.map(partial(_study, place, folder), range(count))
            studies = list(tqdm(work, desc=case.name, total=count, unit="study"))
            truth = _pairs(np.mean([population for population, _ in studies], axis=0))
            figures[case.name] = {
                name: _figures(
                    np.stack([bounds[name] for _, bounds in studies]), truth[:, candidate.loss]
                )
                for name, candidate in CANDIDATES.items()
            }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(as_markdown(figures, count), encoding="utf-8")
    return {"studies of each case": float(count), **figures}


def _study(case: int, folder: Path, number: int) -> tuple[Floats, dict[str, Floats]]:
    """Return each arm's (arm, loss) means on the population, and the bounds of each interval."""
    study = kept_study(CASES[case], number, folder)
    # Products this small are slower on several threads, the more so as other studies have them.
    with threadpool_limits(1, "blas"):
        bounds = {name: candidate.bounds(study) for name, candidate in CANDIDATES.items()}
    return study.population.mean((1, 2)), bounds


def _figures(bounds: Floats, truth: Floats) -> dict[str, float]:
    """Return the figures of (study, pair, 2) bounds and (pair,) true differences.

    They are about the question, and about all pairs that truly differ. found: the interval excludes
    0 on the true side. false: it excludes 0 between equals.
    """
    low, high = bounds[..., 0], bounds[..., 1]
    true = truth[: low.shape[1]]
    covered = (low <= true) & (true <= high)
    found = np.where(true < 0, high < 0, low > 0)
    figures = {
        "true": float(true[0]),
        "covered": _percent(covered[:, 0]),
        "width": float(np.median(high[:, 0] - low[:, 0])),
        "found": _percent(found[:, 0]),
    }
    if len(true) == len(PAIRS):
        figures["all covered"] = _percent(covered[:, :-1])
        figures["all found"] = _percent(found[:, :-1])
        figures["false"] = _percent((low[:, -1] > 0) | (high[:, -1] < 0))
    return figures


def _percent(flags: npt.NDArray[np.bool_]) -> float:
    return 100 * float(np.mean(flags))


def as_markdown(figures: Figures, count: int) -> str:
    """Return a table of means over the populations, and one of each population."""
    real = [case.name for case in CASES if case.real]
    made_up = [case.name for case in CASES if not case.real]
    columns = [
        ("Covered, made-up", "covered", made_up),
        ("Covered, MNIST", "covered", real),
        ("Found, MNIST", "found", real),
        ("Width", "width", [*made_up, *real]),
        ("All covered, made-up", "all covered", made_up),
        ("All covered, MNIST", "all covered", real),
        ("All found, MNIST", "all found", real),
        ("False", "false", [*made_up, *real]),
    ]
    lines = [f"{count} studies of each population; widths relative to {REFERENCE!r}.", ""]
    lines += _table(
        ("Interval", *(head for head, _, _ in columns)),
        [
            (name, *(_mean(figures, name, figure, cases) for _, figure, cases in columns))
            for name in CANDIDATES
        ],
    )
    names = ("true", "covered", "found", "width", "all covered", "all found", "false")
    lines += ["", *_table(("Population", "Interval", *names), [
        (case, name, *(_cell(row, figure) for figure in names))
        for case, candidates in figures.items()
        for name, row in candidates.items()
    ])]  # fmt: skip
    return "\n".join(lines) + "\n"


def _mean(figures: Figures, candidate: str, name: str, cases: Sequence[str]) -> str:
    """Return the mean of a figure over populations, and the least and the largest."""
    values = [figures[case][candidate].get(name) for case in cases]
    there = [value for value in values if value is not None]
    if not there:
        return ""
    if name == "width":
        ratios = [figures[case][candidate][name] / figures[case][REFERENCE][name] for case in cases]
        return f"{np.mean(ratios):.2f}"
    return f"{np.mean(there):.1f} % ({min(there):.1f} to {max(there):.1f})"


def _cell(row: Mapping[str, float], name: str) -> str:
    if name not in row:
        return ""
    return f"{row[name]:.3f}" if name in ("true", "width") else f"{row[name]:.1f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = "|:---" + "|---:" * (len(heads) - 1) + "|"
    return [f"| {' | '.join(cells)} |" for cells in (heads,)] + [rule] + [
        f"| {' | '.join(cells)} |" for cells in rows
    ]  # fmt: skip
