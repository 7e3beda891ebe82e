"""Which technique does what on the test rows, where no evaluation says it better."""

from __future__ import annotations

from pipeline.comparison.ablation import Ablation, AblationRow
from pipeline.comparison.result import Comparison
from pipeline.report.document import Block, ChartBlock, HeadingBlock, TableBlock, TextBlock
from pipeline.report.sections.answer import settings
from pipeline.report.sections.test_rows import tuned_table
from pipeline.tasks.calibration import BIN_ROWS, MOST_BINS
from pipeline.text.numbers import between, fixed, p_value, percent, signed


def techniques(c: Comparison) -> list[Block]:
    """Report the ablation, or that it is switched off; nothing if an evaluation has the arms."""
    if c.evaluation:
        return []
    blocks: list[Block] = [HeadingBlock("Which technique does what"), *tuned_table(c)]
    if not c.ablation:
        return [*blocks, TextBlock("The ablation is switched off (compare.ablation).")]
    ablation = c.ablation
    strengths = (
        "at the strength with the lowest cross-validated log loss of its validation curve"
        if c.curves
        else "at its strength in the tuned mix"
    )
    blocks += [
        TextBlock(
            f"Each variant is trained from the same {len(ablation.seeds)} seeds and judged on the"
            f" same test rows.{_fewer(c)} A technique alone acts {strengths}; elastic net takes"
            " half of either penalty's. All numbers are means over the seeds."
        ),
        TableBlock(
            "Log loss on test of each variant, against none", _DIFFERENCE, _differences(ablation)
        ),
        TextBlock(
            f"{ablation.comparisons} comparisons with none, so p-values are corrected by Holm's"
            " method, which keeps the chance of one false verdict or more among all of them at"
            f" {percent(1 - c.confidence, 0)}; verdicts follow these. The intervals hold all"
            f" together with {percent(c.confidence, 0)} confidence (Bonferroni: each has"
            f" {percent(ablation.simultaneous, 2)}), which is a little stricter than the verdicts."
        ),
        ChartBlock(
            "ablation",
            "Log loss of each variant minus that of none, with simultaneous intervals: "
            + "; ".join(
                f"{row.title} {signed(row.difference.estimate, 3)}"
                for row in ablation.rows
                if row.difference
            )
            + ".",
            "Log loss of each variant minus that of none, with simultaneous intervals.",
        ),
        *_parts(c, ablation),
        TableBlock(
            "Each variant's strengths, and what else it changes",
            _LEVELS,
            [_levels(row) for row in ablation.rows],
        ),
        TextBlock(
            "Gap: log loss on test minus on the training rows, both without dropout and penalties."
            f" Calibration error: over at most {MOST_BINS} bins of equally many rows, {BIN_ROWS} or"
            " more; on few rows it is too high for"
            " all alike. Epochs stand for cost, as an epoch of each variant takes about the same"
            " time; the seconds of each are in timings.json, among the files of the run in MLflow,"
            " for they differ from run to run and this report does not."
            f" Near zero: weights of all kernels smaller than {ablation.threshold:g}, the length of"
            " one step of Adam: it moves weights about zero by as much, so hardly any is exactly 0."
        ),
    ]
    return blocks


def _fewer(c: Comparison) -> str:
    """State that the networks saw only some of the training rows, if so."""
    if c.fitting_rows is None or c.fitting_rows >= c.data.rows["train"]:
        return ""
    return (
        f" They are fitted on {c.fitting_rows} of the {c.data.rows['train']} training rows"
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
            "What each part does in the mix: log loss with it minus without it", header, rows
        ),
        TextBlock(
            f"{len(rows)} comparisons of the whole mix with the mix without one part, corrected"
            f" among themselves as above (each interval has"
            f" {percent(ablation.parts_simultaneous, 2)})."
        ),
    ]


_DIFFERENCE = (
    "Variant", "Log loss", "Difference", "Interval", "Detectable", "p (Holm)", "Verdict",
)  # fmt: skip
_LEVELS = (
    "Variant", "Strengths", "Accuracy", "ROC AUC", "Calibration error", "Train log loss", "Gap",
    "Epochs", "Near zero",
)  # fmt: skip


def _differences(ablation: Ablation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in ablation.rows:
        start = (row.title, fixed(row.log_loss))
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


def _levels(row: AblationRow) -> tuple[str, ...]:
    return (
        row.title,
        "of none" if row.name == "batch_norm" else settings(row.regularization),
        fixed(row.accuracy),
        fixed(row.roc_auc),
        fixed(row.calibration_error),
        fixed(row.train_log_loss),
        signed(row.gap),
        fixed(row.epochs, 1),
        percent(row.near_zero),
    )
