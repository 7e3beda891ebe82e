"""Section 6: how it was done, and what it cannot say."""

from __future__ import annotations

from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, HeadingBlock, ItemsBlock, TextBlock


def method(c: Comparison) -> list[Block]:
    """Report data, roles, seeds, versions, the command that reproduces it, and the limits."""
    rows = ", ".join(f"{count} {role}" for role, count in c.data.rows.items())
    done = [
        f"Rows: {rows}. A row's role is a hash of its content; val stops, folds score, test"
        " judges, once.",
        f"Study {c.study}: {c.trials} trials by cross-validation inside train, scored by log loss"
        " without penalties.",
        f"Classes, in order: {', '.join(c.data.classes)}.",
        f"Seeds: {c.seeds[0]} to {c.seeds[-1]}.",
    ]
    if c.setting:
        s = c.setting
        fit = ", ".join(f"{name.replace('_', ' ')} {_plain(v)}" for name, v in s.train.items())
        done += [
            f"Network: {s.layers}. Every fit: Adam, {fit}.",
            "SHA-256 of the rows: "
            + ", ".join(f"{role} {digest}" for role, digest in s.digests.items())
            + ".",
            "Versions: " + ", ".join(f"{name} {value}" for name, value in s.versions.items()) + ".",
            f"Machine: {s.machine}. Times by part: timings.json among the files of the run in"
            " MLflow, as they differ from run to run and this report does not.",
        ]
    done.append(
        "Reproduce: dvc repro at the commit that holds this report; the description of the run in"
        " MLflow names the commit."
    )
    limits = [
        *_limits_of_the_answer(c),
        "Rare rows with a large loss make the log loss long-tailed: on 85 rows with one positive in"
        " 21, a 95 % interval covered as little as 93 % in simulation (docs/regularization.md).",
        "One network shape, one optimizer, one learning rate: another may need regularization more"
        " or less.",
        "Bootstrap sets share the preparation that was learned on all training rows.",
    ]
    return [
        HeadingBlock("How it was done"),
        ItemsBlock(done),
        TextBlock("Limits:"),
        ItemsBlock(limits),
    ]


def _limits_of_the_answer(c: Comparison) -> list[str]:
    """Say what the answer cannot, whichever rows it comes from."""
    test = c.data.rows["test"]
    if c.evaluation is None:
        return [
            f"One data set, one split: {test} test rows decide. Another split.seed gives another,"
            " equally valid, answer.",
            "Intervals speak of rows like these and of other seeds, not of other training rows;"
            " only the bootstrap sets vary those.",
        ]
    return [
        "The answer is about training sets of about this size from one data set: with many more"
        " rows, regularization usually has less to do.",
        f"The {test} test rows are one split: their intervals speak of rows like these and of other"
        " seeds, not of other training rows.",
    ]


def _plain(value: float | str) -> str:
    """Write a setting as people write it: a whole number without a decimal point."""
    return value if isinstance(value, str) else f"{value:g}"
