"""Section 6: how it was done, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, HeadingBlock, ItemsBlock, TextBlock
from pipeline.text.numbers import counted, setting


def method(c: Comparison) -> list[Block]:
    """Report data, roles, seeds, versions, the command that reproduces it, and the limits."""
    done = [
        f"Rows: {_roles(c)}. A row's role is a hash of its content. Train fits, and its folds"
        " score the trials; val stops the fits; test judges, once.",
        f"Search: {counted(c.trials, 'trial')} by cross-validation inside train, scored by"
        f" {c.task.loss.words} without penalties (study {c.study}).",
        *_target(c),
        f"Seeds of the networks: {_span(c.seeds)}.",
    ]
    if c.setting:
        s = c.setting
        fit = ", ".join(_setting(name, value) for name, value in s.train.items())
        done += [
            f"Network: {s.layers}. Every fit: Adam, {fit}.",
            "First digits of each file's SHA-256: "
            + ", ".join(f"{role} {digest}" for role, digest in s.digests.items())
            + ".",
            "Versions: " + ", ".join(f"{name} {value}" for name, value in s.versions.items()) + ".",
            f"Machine: {s.machine}. Times by part: timings.json among the files of the run in"
            " MLflow.",
        ]
    done.append(
        "To reproduce: dvc repro at the commit that the description of the run in MLflow names."
    )
    limits = [
        *_limits_of_the_answer(c),
        c.task.words.long_tail,
        "One network shape, one optimizer, one learning rate: another may need regularization more"
        " or less.",
    ]
    if c.decomposition:
        limits.append("Bootstrap sets share the preparation that was learned on all training rows.")
    return [
        HeadingBlock("How it was done"),
        ItemsBlock(done),
        TextBlock("Limits:"),
        ItemsBlock(limits),
    ]


def _target(c: Comparison) -> list[str]:
    """Say what is predicted."""
    if c.data.classes:
        return [f"Classes, in order: {', '.join(c.data.classes)}."]
    return [
        "The target is a number, standardized by the fitting rows of each fit; folds are stratified"
        " by its quantiles."
    ]


def _limits_of_the_answer(c: Comparison) -> list[str]:
    """Say what the answer cannot, whichever rows it comes from."""
    test = c.data.rows["test"]
    if c.evaluation is None:
        return [
            f"One data set, one split: {test:,} test rows decide. Another split.seed gives another,"
            " equally valid, answer.",
            "Intervals speak of rows like these and of other seeds, not of other training rows;"
            " only the bootstrap sets vary those.",
        ]
    return [
        "The answer is about training sets of about this size from one data set: with many more"
        " rows, regularization usually has less to do.",
        f"The {test:,} test rows are one split: their intervals speak of rows like these and of"
        " other seeds, not of other training rows.",
    ]


def _roles(c: Comparison) -> str:
    return ", ".join(f"{count:,} {role}" for role, count in c.data.rows.items())


def _span(seeds: Sequence[int]) -> str:
    return str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"


def _setting(name: str, value: float | str) -> str:
    """Write a setting of the training as people write it."""
    if name == "max_epochs":
        return f"at most {value:g} epochs" if not isinstance(value, str) else f"epochs {value}"
    shown = value.replace("_", " ") if isinstance(value, str) else setting(value)
    return f"{name.replace('_', ' ')} {shown}"
