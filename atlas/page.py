"""Draw the parts of `docs/atlas.md` from the list and the results that are there.

`python -m checks.figures` holds the page and the picture to them; with `--write`, it redraws both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas import findings as f
from atlas.hours import hours
from atlas.result import RESULTS, Finding, Result, read_results
from atlas.tables import LIST, AtlasTable, read_list
from pipeline.evaluation.arms import BASELINE, MIX
from pipeline.report.figures.interval_chart import ChartRow, ChartText, interval_chart
from pipeline.statistics.intervals import Interval
from pipeline.text.numbers import counted, fixed, listed, p_value, probability, signed

PICTURE = "atlas.svg"
PICTURE_PX = "860"
VERDICTS = ("helps", "hurts", "makes no difference that matters", "cannot tell yet")
SHORT = {"makes no difference that matters": "no difference"}


@dataclass(frozen=True)
class Atlas:
    """The list, and the results that there are, both in the order of the list."""

    tables: Mapping[str, AtlasTable]
    results: Mapping[str, Result]

    @property
    def findings(self) -> dict[str, Finding]:
        """The findings of the tables that have one."""
        return {name: r.finding for name, r in self.results.items() if r.finding is not None}


def read_atlas(tables: Path = LIST, results: Path = RESULTS) -> Atlas:
    """Read the list and what is finished of it."""
    listing = read_list(tables)
    return Atlas(listing, read_results(listing, results))


def state(atlas: Atlas) -> Iterator[str]:
    """Yield what is finished, what could not be run, and what is left."""
    left = [name for name in atlas.tables if name not in atlas.results]
    refused = {name: r.failure for name, r in atlas.results.items() if r.failure is not None}
    spent = sum(result.made.seconds for result in atlas.results.values())
    yield (
        f"{len(atlas.findings)} of the {counted(len(atlas.tables), 'table')} have been evaluated,"
        f" which took {hours(spent)}."
    )
    if refused:
        yield ""
    for name, failure in refused.items():
        yield f"- `{name}` could not be run: {failure}"
    if left:
        yield "\nNot run yet: " + listed([f"`{name}`" for name in left]) + "."
        yield "\nSmaller tables run first, so until all are run, what follows is of the smallest."


def answers(atlas: Atlas) -> Iterator[str]:
    """Yield on how many tables regularization helps, by how much, and which kind first."""
    findings = atlas.findings
    if not findings:
        yield "No table has been evaluated yet."
        return
    given = f.verdicts(findings)
    helps, hurts, same, unknown = (given[verdict] for verdict in VERDICTS)
    yield (
        f"Of {counted(len(findings), 'table')}, the tuned settings help on {helps}, hurt on"
        f" {hurts}, make no difference that matters on {same}, and on {unknown} the rows cannot"
        " tell yet. The median change is"
        f" {_percent(f.median(f.relative(one)[0] for one in findings.values()))} of the baseline's"
        " loss."
    )
    helped = {n: one for n, one in findings.items() if f.tuned_change(one).verdict == "helps"}
    if helped:
        changes = sorted(f.relative(one)[0] for one in helped.values())
        yield (
            f"\nWhere they help, the loss falls by {_size(changes[-1])} to {_size(changes[0])}"
            f" (median {_size(f.median(changes))})."
        )
    yield ""
    yield "| Technique alone | Least loss of all on | Helps | Hurts | No difference | Cannot tell |"
    yield "|:---|---:|---:|---:|---:|---:|"
    for technique in f.alone(findings):
        cells = " | ".join(str(technique.verdicts[verdict]) for verdict in VERDICTS)
        yield f"| {technique.title} | {technique.least} | {cells} |"


def tables(atlas: Atlas) -> Iterator[str]:
    """Yield a line of each table of the list: its size and the verdict."""
    yield (
        "| Table | Target | Rows | Columns | Verdict | Change in loss | Interval | P(helps)"
        " | Best alone |"
    )
    yield "|:---|:---|---:|---:|:---|---:|---:|---:|:---|"
    for name, table in atlas.tables.items():
        kind = f"{table.classes} classes" if table.classes else "number"
        head = f"| {name} | {kind} | {table.rows:,} | {table.columns:,} |"
        finding = atlas.findings.get(name)
        if finding is None:
            yield f"{head} {_missing(atlas, name)} | | | | |"
            continue
        change, (estimate, low, high) = f.tuned_change(finding), f.relative(finding)
        yield (
            f"{head} {_verdict(change.verdict)} | {_percent(estimate)} | {_percent(low)} to"
            f" {_percent(high)} | {probability(change.helps_probability)} | {_alone(finding)} |"
        )


def losses(atlas: Atlas) -> Iterator[str]:
    """Yield the losses of each table, as shares of that of guessing."""
    yield "| Table | Guessing | Baseline | Tuned | Ensemble | Linear model | Gradient boosting |"
    yield "|:---|---:|---:|---:|---:|---:|---:|"
    for name in atlas.tables:
        finding = atlas.findings.get(name)
        if finding is None:
            yield f"| {name} | {_missing(atlas, name)} | | | | | |"
            continue
        rows = (
            f.arm(finding, BASELINE),
            f.arm(finding, MIX),
            f.ensemble(finding),
            f.peer(finding, "linear"),
            f.peer(finding, "boosting"),
        )
        least = min(row.loss for row in rows if row)
        cells = []
        for row in rows:
            share = fixed(row.loss / f.guess(finding), 3) if row else ""
            cells.append(f"**{share}**" if row and row.loss == least else share)
        yield f"| {name} | {fixed(f.guess(finding))} | {' | '.join(cells)} |"


def peers(atlas: Atlas) -> Iterator[str]:
    """Yield how often the tuned network is better or worse than other models."""
    yield "| The tuned network beside | Better | Worse | No difference | Cannot tell |"
    yield "|:---|---:|---:|---:|---:|"
    for name, title in (("linear", "Linear model"), ("boosting", "Gradient boosting")):
        rows = [f.peer(finding, name) for finding in atlas.findings.values()]
        given: Counter[str] = Counter(f.change_of(row).verdict for row in rows)
        yield f"| {title} | {' | '.join(str(given[verdict]) for verdict in VERDICTS)} |"


def properties(atlas: Atlas) -> Iterator[str]:
    """Yield how the change goes with what the tables are like."""
    kinds: tuple[tuple[str, Callable[[Finding], float], Callable[[float], str]], ...] = (
        ("Training rows per weight", f.rows_per_weight, lambda value: fixed(value, 4)),
        ("Columns that the network sees", f.columns, lambda value: f"{value:,.0f}"),
        ("Loss that no model removes", f.unexplained, lambda value: fixed(value, 3)),
    )
    found = {title: f.relation(atlas.findings, of) for title, of, _ in kinds}
    if not any(found.values()):
        yield f"Fewer than {f.ENOUGH} tables have been evaluated, too few to say."
        return
    yield "| Property | Half of the tables | Helps on | Median change | Rank correlation |"
    yield "|:---|:---|---:|---:|:---|"
    for title, _, written in kinds:
        if relation := found[title]:
            for place, half in (("lower", relation.lower), ("upper", relation.upper)):
                ends = f"{place}: {written(half.low)} to {written(half.high)}"
                rank = f"{signed(relation.correlation, 2)} (p {_p(relation.p_value)})"
                yield (
                    f"| {title if place == 'lower' else ''} | {ends} | {half.helps} of"
                    f" {half.tables} | {_percent(half.median)} |"
                    f" {rank if place == 'lower' else ''} |"
                )


def listing(atlas: Atlas) -> Iterator[str]:
    """Yield where each table comes from, and what it is on the list for."""
    yield "| Table | Source | Target | Why |"
    yield "|:---|:---|:---|:---|"
    for name, table in atlas.tables.items():
        source = table.source if ":" in table.source else f"scikit-learn: {table.source}"
        yield f"| {name} | {source} | `{table.target}` | {table.why} |"


def made(atlas: Atlas) -> Iterator[str]:
    """Yield which code made the results."""
    codes = Counter(result.made.code for result in atlas.results.values())
    named = [f"`{code}` ({counted(count, 'table')})" for code, count in codes.items()]
    yield (
        f"The results are from the code of commit {listed(named)}." if named else "No results yet."
    )


PARTS: Mapping[str, Callable[[Atlas], Iterator[str]]] = {
    part.__name__: part
    for part in (state, answers, tables, losses, peers, properties, listing, made)
}


def picture(atlas: Atlas) -> str:
    """Draw the change of each table that has been evaluated, in per cent of the baseline's loss."""
    rows = [
        ChartRow(
            title=f"{name}: {finding.size.rows:,} rows, {finding.size.columns:,} columns",
            change=Interval(*(100 * share for share in f.relative(finding))),
            value=_percent(f.relative(finding)[0]),
            verdict=f.tuned_change(finding).verdict,
            hover=_hover(finding),
        )
        for name, finding in atlas.findings.items()
    ]
    text = ChartText(
        label="Change in loss by regularization, on each table of the atlas",
        left="less loss with tuned regularization",
        right="more",
        axis="Change in loss, in % of the baseline's",
    )
    return interval_chart(rows, text, PICTURE_PX) + "\n"


def _hover(finding: Finding) -> str:
    estimate, low, high = map(_percent, f.relative(finding))
    return f"{f.tuned_change(finding).verdict}: {estimate} ({low} to {high})"


def _missing(atlas: Atlas, name: str) -> str:
    return "could not be run" if name in atlas.results else "not run yet"


def _verdict(verdict: str) -> str:
    words = SHORT.get(verdict, verdict)
    return f"**{words}**" if words in VERDICTS[:2] else words


def _alone(finding: Finding) -> str:
    """Name the technique that alone has the least loss; in brackets if that may be nothing."""
    row = f.arm(finding, finding.alone)
    title = row.title.partition(" (")[0]
    return title if f.change_of(row).verdict == "helps" else f"({title})"


def _percent(share: float) -> str:
    return f"{signed(100 * share, 0 if abs(share) >= 0.0995 else 1)} %"


def _size(share: float) -> str:
    return _percent(abs(share)).removeprefix("+")


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
