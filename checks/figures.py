"""Draw the figures in the pages from the runs that their pictures are of, and from the atlas.

`make pictures` makes pictures and `docs/figures/*.json` from the same runs; `make atlas` makes
`atlas/results/*.json`. `python -m checks.figures` fails where a page has other figures than these
files; with `--write`, the page is redrawn, and so is the atlas' picture.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from atlas.page import PARTS as ATLAS_PARTS
from atlas.page import PICTURE, picture, read_atlas
from pipeline.project.imports import PACKAGE
from pipeline.text.numbers import fixed, signed

ROOT = PACKAGE.parent
RUNS = ROOT / "docs/figures"
PAGES = ("README.md", "docs/worked-example.md", "docs/regularization.md", "docs/atlas.md")
# What a page calls the results of the atlas, where others name a run.
ATLAS = "atlas"
DRAWN = re.compile(r"(<!-- drawn: (\w+) of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
DECIMALS = 3
MINUS = "\N{MINUS SIGN}"
Run = Mapping[str, Any]


def main() -> None:
    write = "--write" in sys.argv[1:]
    for name, drawn in drawings().items():
        file = ROOT / name
        if file.is_file() and file.read_text() == drawn:
            continue
        if not write:
            sys.exit(
                f"{name}: its figures differ from those in docs/figures and atlas/results, want the"
                " same. Run: python -m checks.figures --write"
            )
        file.write_text(drawn)


def drawings() -> dict[str, str]:
    """Return each page and picture as the files want it, by its path."""
    pages = {name: redraw((ROOT / name).read_text()) for name in PAGES}
    return pages | {f"docs/{PICTURE}": picture(read_atlas())}


def redraw(page: str, folder: Path = RUNS) -> str:
    """Return the page with each drawn part made anew from the run that it names."""

    def draw(match: re.Match[str]) -> str:
        if match[3] == ATLAS:
            lines = ATLAS_PARTS[match[2]](read_atlas())
        else:
            lines = PARTS[match[2]](json.loads((folder / f"{match[3]}.json").read_text()))
        return match[1] + "\n".join(lines) + "\n" + match[4]

    return DRAWN.sub(draw, page)


def pick(comparison: Mapping[str, Any]) -> Run:
    """Return what the pages need of `reports/comparison.json`."""
    evaluation = comparison["evaluation"]
    kept = ("name", "title", "log_loss", "epochs")
    return {
        "data": comparison["data"]["name"],
        "answer": comparison["sentence"],
        "rows": evaluation["rows"],
        "training_rows": evaluation["training_rows"],
        "arms": [
            {key: arm.get(key) for key in kept}
            | {"change": (arm.get("difference") or {}).get("log_loss")}
            for arm in evaluation["arms"]
        ],
        "peers": [
            {key: peer[key] for key in ("title", "log_loss", "difference")}
            for peer in evaluation["peers"]
        ],
        "weights": {row["name"]: row["below"] for row in comparison["weights"]},
        "decomposition": comparison["decomposition"],
        "reference": comparison["reference"],
    }


def answer(run: Run) -> Iterator[str]:
    """Yield the answer, and what it rests on."""
    tuned = _arm(run, "tuned")
    yield f"> **{run['answer']}**"
    yield ""
    yield (
        f"The change in log loss is {_signed(tuned['change'])}, with a 95 % interval from"
        f" {_between(tuned['change'])}; it rests on all {run['rows']:,} rows but the test rows."
    )


def arms(run: Run) -> Iterator[str]:
    """Yield a table of the arms: their losses, and their changes against the baseline."""
    yield "| Way to train | Log loss | Change | Interval | Epochs | Weights below 0.001 |"
    yield "|:---|---:|---:|---:|---:|---:|"
    for arm in run["arms"]:
        below = run["weights"].get("none" if arm["name"] == "baseline" else arm["name"])
        change = arm["change"]
        yield (
            f"| {arm['title']} | {fixed(arm['log_loss'], DECIMALS)}"
            f" | {_signed(change) if change else ''} | {_between(change) if change else ''}"
            f" | {arm['epochs']:.0f}"
            f" | {'' if below is None else f'{100 * below:.1f} %'} |"
        )


def peers(run: Run) -> Iterator[str]:
    """Yield a table of other models: their losses, and what the tuned network changes."""
    yield "| Model | Log loss | Tuned network minus it | Interval |"
    yield "|:---|---:|---:|---:|"
    for peer in run["peers"]:
        change = peer["difference"]
        yield (
            f"| {peer['title']} | {fixed(peer['log_loss'], DECIMALS)} | {_signed(change)}"
            f" | {_between(change)} |"
        )


def bias(run: Run) -> Iterator[str]:
    """Yield a table of bias and variance of both kinds, and what tuning changes."""
    parts = run["decomposition"]
    yield "| | Log loss | Bias | Variance |"
    yield "|:---|---:|---:|---:|"
    for title, key in (("Tuned mix", "tuned"), ("Baseline", "baseline")):
        figures = " | ".join(
            fixed(parts[key][name], 4) for name in ("log_loss", "bias", "variance")
        )
        yield f"| {title} | {figures} |"
    yield ""
    yield (
        f"Tuning changes the bias by {_signed(parts['bias_difference'])} (95 % interval over the"
        f" test rows {_between(parts['bias_difference'])}) and the variance by"
        f" {_signed(parts['variance_difference'])} ({_between(parts['variance_difference'])}),"
        f" over {parts['sets']} bootstrap training sets."
    )


def published(run: Run) -> Iterator[str]:
    """Yield what the repetitions of the published run show."""
    repeated = run["reference"]
    yield (
        f"Repeated {repeated['repeats']} times on other splits and seeds, dropout did worse in"
        f" {repeated['worse']:.0%} of the repetitions, equally well in {repeated['equal']:.0%} and"
        f" better in {repeated['better']:.0%}; the mean difference in accuracy is"
        f" {_signed(repeated['difference'])} with an interval from"
        f" {_between(repeated['difference'])}; and {repeated['as_large']:.0%} of the repetitions"
        " differ by as much as the published pair or more, one way or the other."
    ).replace("%", " %")


PARTS: Mapping[str, Callable[[Run], Iterator[str]]] = {
    "answer": answer,
    "arms": arms,
    "peers": peers,
    "bias": bias,
    "published": published,
}


def _arm(run: Run, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any]
    (found,) = (arm for arm in run["arms"] if arm["name"] == name)
    return found


def _signed(difference: Mapping[str, float]) -> str:
    return _figure(difference["estimate"])


def _between(difference: Mapping[str, float]) -> str:
    return f"{_figure(difference['low'])} to {_figure(difference['high'])}"


def _figure(value: float) -> str:
    """Write a difference with three decimals, and with more if they would all be zeros."""
    digits = DECIMALS
    while round(value, digits) == 0 and value and digits < 2 * DECIMALS:
        digits += 1
    return signed(value, digits).replace("-", MINUS)


if __name__ == "__main__":
    main()
