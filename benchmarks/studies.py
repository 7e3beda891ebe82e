"""Studies whose true answer is known: small nested cross-validations on rows of a population.

Each study draws rows and does with them what stage `evaluate` does, but with a small network and a
fixed design in place of TPE's search. Each of its networks is scored on thousands of rows of the
population too, so the expected loss of each procedure is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from benchmarks.populations import CASES, Case
from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.tasks.arrays import Floats, Labels
from pipeline.tasks.classification import probabilities as probabilities_of
from pipeline.tasks.classification import row_brier, row_log_loss
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Fit, Member
from pipeline.training.stack import train_stack

REPEATS, FOLDS, INNER_FOLDS = 4, 5, 2
STOP_SHARE, TEST_SHARE, SEEDS = 0.15, 0.15, 5
POPULATION_ROWS = 4000


def _off(**values: float | int) -> Regularization:
    return Regularization.model_validate(
        {"dropout": 0.0, "l1": 0.0, "l2": 0.0, "patience": None, **values}
    )


# The first is the baseline; the search chooses among all, or among the penalties.
DESIGN = (_off(), _off(dropout=0.5), _off(patience=3), _off(l2=0.003), _off(l2=0.03))
PENALTIES = (3, 4)
# Each element of the design, the baseline with another seed, and what each search chooses.
ARMS = (
    "baseline",
    "dropout",
    "early stopping",
    "weak L2",
    "strong L2",
    "other seed",
    "tuned",
    "L2",
)
OTHER_SEED = ARMS.index("other seed")


@dataclass(frozen=True, eq=False)
class Study:
    """The outputs of one study's networks.

    logits: (arm, repeat, row), each row's by the network that was not fitted on its fold.
    fold: (repeat, row). population: (arm, repeat, fold, loss) mean log loss and mean Brier score on
    rows of the population. split_logits: (arm, seed, test row) of the same rows split once, as
    before nested cross-validation, and split_y their classes.
    """

    logits: Floats
    y: Labels
    fold: Labels
    population: Floats
    split_logits: Floats
    split_y: Labels

    def losses(self) -> Floats:
        """Return (arm, repeat, row) log losses."""
        return row_log_loss(self.logits[..., None], self.y)

    def brier(self) -> Floats:
        """Return (arm, repeat, row) Brier scores."""
        return row_brier(probabilities_of(self.logits[..., None]), self.y)

    def split_losses(self) -> Floats:
        """Return (arm, seed, test row) log losses."""
        return row_log_loss(self.split_logits[..., None], self.split_y)


def study(case: Case, number: int) -> Study:
    """Draw the rows of a study and do it; a pure function of the case and the number."""
    rng = np.random.default_rng([CASES.index(case), number])
    x, y = case.draw(rng, case.rows + POPULATION_ROWS)
    rows = np.arange(case.rows)
    fold = np.stack([_dealt(y[: case.rows], FOLDS, rng) for _ in range(REPEATS)])
    outer = [(rows[fold[r] != k], rows[fold[r] == k]) for r in range(REPEATS) for k in range(FOLDS)]
    tasks = [_Task.of(x, y, fit, test, case.rows, rng) for fit, test in outer]
    seeds = [int(rng.integers(2**30)) for _ in tasks]
    fits = _finals(tasks, _chosen(tasks, seeds, case), seeds, case)
    logits = np.zeros((len(ARMS), REPEATS, case.rows))
    population = np.zeros((len(ARMS), len(outer), 2))
    for place, (arms, (_, test)) in enumerate(zip(fits, outer, strict=True)):
        outputs = np.stack([fit.score_logits[:, 0] for fit in arms])
        logits[:, place // FOLDS, test] = outputs[:, : len(test)]
        beyond = outputs[:, len(test) :, None]
        population[:, place, 0] = row_log_loss(beyond, y[case.rows :]).mean(1)
        population[:, place, 1] = row_brier(probabilities_of(beyond), y[case.rows :]).mean(1)
    split_logits, split_y = _split_once(x, y, case, rng)
    return Study(
        logits,
        y[: case.rows],
        fold,
        population.reshape(len(ARMS), REPEATS, FOLDS, 2),
        split_logits,
        split_y,
    )


def _split_once(
    x: np.ndarray, y: Labels, case: Case, rng: np.random.Generator
) -> tuple[Floats, Labels]:
    """Return (arm, seed, row) logits on one locked share of the rows, and the rows' classes."""
    order = rng.permutation(case.rows)
    test = order[: round(TEST_SHARE * case.rows)]
    task = _Task.of(x, y, order[len(test) :], test, case.rows, rng)
    start = int(rng.integers(2**29))
    chosen = _chosen([task], [start], case)
    seeds = [start + n for n in range(SEEDS)]
    fits = _finals([task] * SEEDS, chosen * SEEDS, seeds, case)
    own = [[fit.score_logits[: len(test), 0] for fit in arms] for arms in fits]
    return np.stack(own, axis=1), y[test]


@dataclass(frozen=True, eq=False)
class _Task:
    """One training part: the fold of the final fits, and the folds of the search inside."""

    final: Fold
    inner: tuple[Fold, ...]

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        y: Labels,
        part: Labels,
        test: Labels,
        rows: int,
        rng: np.random.Generator,
    ) -> _Task:
        """Rows are scaled by the fitting rows; test rows and the population are only scored."""
        order = rng.permutation(part)
        stop, fit = order[: round(STOP_SHARE * len(order))], order[round(STOP_SHARE * len(order)) :]
        scaled = ((x - x[fit].mean(0)) / (x[fit].std(0) + 1e-6)).astype(np.float32)
        labels = _int32(y)
        score = np.concatenate([test, np.arange(rows, len(x))])
        dealt = _dealt(y[fit], INNER_FOLDS, rng)
        inner = [(fit[dealt != k], fit[dealt == k]) for k in range(INNER_FOLDS)]
        final, *searched = (
            Fold(scaled, labels, _int32(fitted), _int32(stop), _int32(scored))
            for fitted, scored in [(fit, score), *inner]
        )
        return cls(final, tuple(searched))


def _chosen(tasks: Sequence[_Task], seeds: Sequence[int], case: Case) -> list[Floats]:
    """Return each task's (design,) cross-validated log losses."""
    members = [
        Member(fold, regularization, seed)
        for task, seed in zip(tasks, seeds, strict=True)
        for regularization in DESIGN
        for fold in task.inner
    ]
    losses = [
        float(row_log_loss(fit.score_logits, member.fold.y[member.fold.score]).mean())
        for member, fit in zip(members, _trained(members, case), strict=True)
    ]
    shape = (len(tasks), len(DESIGN), INNER_FOLDS)
    return list(np.array(losses).reshape(shape).mean(-1))


def _finals(
    tasks: Sequence[_Task], scores: Sequence[Floats], seeds: Sequence[int], case: Case
) -> list[list[Fit]]:
    """Return each task's fits by arm; all share the seed but the baseline's other one."""
    members = [
        Member(task.final, regularization, seed + shift)
        for task, seed in zip(tasks, seeds, strict=True)
        for regularization, shift in [*((element, 0) for element in DESIGN), (DESIGN[0], 2**30)]
    ]
    fits = _trained(members, case)
    arms = []
    for task, inner_loss in enumerate(scores):
        own = fits[task * (OTHER_SEED + 1) :][: OTHER_SEED + 1]
        best = int(np.argmin(inner_loss))
        penalty = PENALTIES[int(np.argmin(inner_loss[list(PENALTIES)]))]
        # A fit is a function of rows, regularization and seed: what is chosen is there already.
        arms.append([*own, own[best], own[penalty]])
    return arms


def _trained(members: Sequence[Member], case: Case) -> list[Fit]:
    layers = (LayerParams(units=32, dropout=True),)
    columns = members[0].fold.x.shape[1]
    architecture = Architecture(columns, 2, layers, penalize_output=False, batch_norm=False)
    train = TrainParams(batch_size=32, max_epochs=case.epochs, learning_rate=0.01)
    return train_stack(members, architecture, train, keep_weights=False)


def _int32(values: Labels) -> npt.NDArray[np.int32]:
    return values.astype(np.int32)


def _dealt(y: Labels, folds: int, rng: np.random.Generator) -> Labels:
    """Return (row,) stratified fold numbers."""
    number = np.empty(len(y), np.int32)
    deal = StratifiedKFold(folds, shuffle=True, random_state=int(rng.integers(2**31)))
    for k, (_, held_out) in enumerate(deal.split(y, y)):
        number[held_out] = k
    return number


def kept_study(case: Case, number: int, folder: Path) -> Study:
    """Read the study from the folder, or do it and keep it there."""
    place = folder / case.name.replace(" ", "-").replace(",", "") / f"{number:04d}.npz"
    names = [field.name for field in fields(Study)]
    if not place.exists():
        done = study(case, number)
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part.npz")
        arrays: dict[str, Any] = {name: getattr(done, name) for name in names}
        for name in ("logits", "split_logits"):
            arrays[name] = arrays[name].astype(np.float32)
        np.savez(unfinished, **arrays)
        unfinished.replace(place)
    with np.load(place) as kept:
        return Study(**{name: kept[name] for name in names})
