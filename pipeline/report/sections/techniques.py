"""Say which technique does what on the test rows, where no evaluation says it better."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.comparison.ablation import Ablation, AblationRow
from pipeline.comparison.result import Comparison
from pipeline.report.document import (
    Block,
    ChartBlock,
    HeadingBlock,
    StatementBlock,
    TableBlock,
    TextBlock,
)
from pipeline.report.sections.test_rows import tuned_table
from pipeline.report.terms import plain_title, plain_words, settings
from pipeline.statistics.intervals import Difference
from pipeline.tasks.calibration import BIN_ROWS, MOST_BINS
from pipeline.tasks.task import Task
from pipeline.text.numbers import average, between, fixed, listed, p_value, percent, setting, signed


def techniques(c: Comparison) -> list[Block]:
    """Report the ablation, or that it is switched off; nothing if an evaluation has the arms."""
    if c.evaluation:
        return []
    blocks: list[Block] = [HeadingBlock("Which technique does what")]
    if not c.ablation:
        off = TextBlock("The ablation is switched off (compare.ablation).")
        return [*blocks, *tuned_table(c), off]
    ablation = c.ablation
    plain, words = plain_words(c), c.task.loss.words
    if ablation.comparisons:
        blocks.append(StatementBlock(*_against_plain(ablation, plain, words)))
        if ablation.parts:
            blocks.append(StatementBlock(*_within_mix(ablation, words)))
    blocks += tuned_table(c)
    strengths = (
        f"at the strength with the lowest cross-validated {words} of its validation curve"
        if c.curves
        else "at its strength in the tuned mix"
    )
    blocks += [
        TextBlock(
            f"Each variant is trained from the same {len(ablation.seeds)} seeds and judged on the"
            f" same test rows.{_fewer(c)} A technique alone acts {strengths}; elastic net takes"
            " half of either penalty's. All numbers are means over the seeds."
        ),
        TextBlock(
            f"{ablation.comparisons} comparisons with {plain}, so p-values are corrected by Holm's"
            " method, which keeps the chance of one false verdict or more among all of them at"
            f" {percent(1 - c.confidence)}; verdicts follow these. The intervals hold all"
            f" together with {percent(c.confidence)} confidence (Bonferroni: each has"
            f" {percent(ablation.simultaneous)}), which is a little stricter than the verdicts."
        ),
        ChartBlock(
            ("ablation",),
            f"Change in {words} of each variant against {plain}, with simultaneous intervals: "
            + "; ".join(
                f"{row.title} {signed(row.difference.estimate)}"
                for row in ablation.rows
                if row.difference
            )
            + ".",
            f"Change in {words} on test of each variant against {plain}, with simultaneous"
            " intervals.",
        ),
        TableBlock(
            f"{c.task.loss.title} on test of each variant, against {plain}",
            ("Variant", c.task.loss.title, *_DIFFERENCE),
            _differences(c, ablation),
            folded=True,
            printed=True,
        ),
        *_parts(c, ablation),
        TableBlock(
            "Each variant's strengths, and what else it changes",
            _levels_header(c.task),
            [_levels(c, row) for row in ablation.rows],
        ),
        TextBlock(
            f"Gap: {words} on test minus on the training rows, both without dropout and penalties."
            f"{_calibration(c.task)} Epochs stand for cost, as an epoch of each variant takes about"
            " the same time; the seconds of each are in timings.json, among the files of the run in"
            " MLflow, for they differ from run to run and this report does not."
            f" Near zero: weights of all kernels smaller than {setting(ablation.threshold)}, the"
            " length of one step of Adam: it moves weights about zero by as much, so hardly any is"
            " exactly 0."
        ),
    ]
    return blocks


def _fewer(c: Comparison) -> str:
    """State that the networks saw only some of the training rows, if so."""
    if c.fitting_rows is None or c.fitting_rows >= c.data.rows["train"]:
        return ""
    return (
        f" They are fitted on {c.fitting_rows:,} of the {c.data.rows['train']:,} training rows"
        " (compare.rows), so their losses are higher than those of the verdict's networks, and"
        " regularization has more to do."
    )


def _parts(c: Comparison, ablation: Ablation) -> list[Block]:
    if not ablation.parts:
        return []
    rows = [
        (
            part.title, signed(part.difference.estimate), between(part.difference),
            fixed(part.difference.detectable), p_value(part.p_holm), str(part.verdict),
        )
        for part in ablation.parts
    ]  # fmt: skip
    header = ("Part", "Difference", "Interval", "Detectable", "p (Holm)", "Verdict")
    return [
        TableBlock(
            f"What each part does in the mix: {c.task.loss.words} with it minus without it",
            header,
            rows,
        ),
        TextBlock(
            f"{len(rows)} comparisons of the whole mix with the mix without one part, corrected"
            f" among themselves as above (each interval has"
            f" {percent(ablation.parts_simultaneous)})."
        ),
    ]


_DIFFERENCE = ("Difference", "Interval", "Detectable", "p (Holm)", "Verdict")


def _levels_header(task: Task) -> tuple[str, ...]:
    titles = (level.title for level in task.levels)
    after = (f"Train {task.loss.words}", "Gap", "Epochs", "Near zero")
    return ("Variant", "Strengths", *titles, *after)


def _calibration(task: Task) -> str:
    """Say how the calibration error is measured, where there is one."""
    if not task.categorical:
        return ""
    return (
        f" Calibration error: over at most {MOST_BINS} bins of equally many rows, {BIN_ROWS} or"
        " more; on few rows it is too high for all alike."
    )


def _differences(c: Comparison, ablation: Ablation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in ablation.rows:
        start = (plain_title(c, row.name, row.title), fixed(row.loss))
        if row.difference is None or row.p_holm is None:
            rows.append((*start, "", "", "", "", ""))
        else:
            rows.append(
                (
                    *start,
                    signed(row.difference.estimate),
                    between(row.difference),
                    fixed(row.difference.detectable),
                    p_value(row.p_holm),
                    str(row.verdict),
                )
            )
    return rows


def _levels(c: Comparison, row: AblationRow) -> tuple[str, ...]:
    return (
        plain_title(c, row.name, row.title),
        settings(row.regularization),
        *map(fixed, row.levels.values()),
        fixed(row.train_loss),
        signed(row.gap),
        average(row.epochs),
        percent(row.near_zero),
    )


def _against_plain(ablation: Ablation, plain: str, words: str) -> tuple[str, str]:
    rows = ablation.rows[1:]
    clauses = []
    helping = [row for row in rows if row.verdict == "helps"]
    if helping:
        best = min(helping, key=lambda row: row.loss)
        clauses.append(
            f"{len(helping)} of {len(rows)} variants help against {plain}, most of all"
            f" {_lower(best.title)} ({_change(best.difference, words)})"
        )
    hurting = [row for row in rows if row.verdict == "hurts"]
    if hurting:
        worst = max(hurting, key=lambda row: row.loss)
        clauses.append(
            f"{len(hurting)} of {len(rows)} hurt, most of all {_lower(worst.title)}"
            f" ({_change(worst.difference, words)})"
        )
    if len(helping) + len(hurting) < len(rows):
        unclear = [row for row in rows if row.verdict == "no detectable difference"]
        clauses.append(
            f"no detectable difference from {plain} for"
            f" {_count(len(unclear), len(rows), 'variant')}"
            f"{_detectable([row.difference for row in unclear])}"
        )
    tone = "helps" if helping else "hurts" if hurting else "no"
    return f"Which technique: {'; '.join(clauses)}. All corrected for their number.", tone


def _within_mix(ablation: Ablation, words: str) -> tuple[str, str]:
    parts = ablation.parts
    clauses = [
        f"{part.title} {part.verdict} within the tuned mix ({_change(part.difference, words)} by"
        " having it)"
        for part in parts
        if part.verdict != "no detectable difference"
    ]
    unclear = [part for part in parts if part.verdict == "no detectable difference"]
    if unclear:
        names = listed([_lower(part.title) for part in unclear], "or")
        clauses.append(
            f"no detectable difference between the tuned mix and the mix without {names}"
            f"{_detectable([part.difference for part in unclear])}"
        )
    verdicts = [part.verdict for part in parts]
    tone = "helps" if "helps" in verdicts else "hurts" if "hurts" in verdicts else "no"
    return f"Which part of the mix: {'; '.join(clauses)}. All corrected for their number.", tone


def _change(difference: Difference | None, words: str) -> str:
    assert difference
    return f"{words} {signed(difference.estimate)}, {between(difference)}"


def _count(some: int, total: int, noun: str) -> str:
    return f"any of {total} {noun}s" if some == total else f"{some} of {total} {noun}s"


def _detectable(differences: Sequence[Difference | None]) -> str:
    """State which differences would have shown, from the easiest comparison to the hardest."""
    # A technique that never acted gives the very same networks: nothing could have shown.
    sizes = sorted(d.detectable for d in differences if d and d.detectable > 0)
    if not sizes:
        return ""
    least, most = fixed(sizes[0]), fixed(sizes[-1])
    span = least if least == most else f"{least} to {most}, by comparison,"
    return f", where a true difference of {span} would probably have shown"


def _lower(title: str) -> str:
    return title if title.startswith("L") else title[0].lower() + title[1:]
