"""Name things as the report does, and say what it leaves out because there is nothing to see."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from pipeline.comparison.assessment import Quality
from pipeline.comparison.kinds import KINDS
from pipeline.comparison.result import Comparison
from pipeline.config.sections.regularization import OFF, Regularization
from pipeline.regularizers import TECHNIQUES, Technique
from pipeline.statistics.intervals import Interval
from pipeline.tasks.task import Task
from pipeline.text.numbers import fixed, setting

# The variant without any regularization, which is the baseline unless that has some.
PLAIN = "none"


def shown_techniques(c: Comparison) -> list[Technique]:
    """Return the techniques to name: those of the default study, and others that were tried."""
    arms = [arm.name for arm in c.evaluation.arms] if c.evaluation else []
    trained = (c.tuned.regularization, c.baseline.regularization)
    names = {*arms, *(name for regularization in trained for name in regularization.values())}
    return [technique for technique in TECHNIQUES if technique.name in names]


def plain_title(c: Comparison, name: str, title: str) -> str:
    """Return the title of a variant; the one without regularization is called by one name."""
    return "Baseline" if name == PLAIN and c.baseline.regularization == OFF else title


def plain_words(c: Comparison) -> str:
    """Name the variant without any regularization within a sentence."""
    return "the baseline" if c.baseline.regularization == OFF else "no regularization"


def ranks_perfectly(c: Comparison) -> bool:
    """Say whether both networks rank every test row rightly, so that curves lie on the frame."""
    return all(getattr(c, kind).test.get("roc_auc") == 1 for kind in KINDS)


def threshold_matters(quality: Quality) -> bool:
    """Say whether the chosen threshold classifies any test row otherwise than 0.5 does."""
    usual, chosen = quality.usual, quality.chosen
    return bool(usual and chosen and usual.confusion != chosen.confusion)


def by_share(importance: Mapping[str, Interval]) -> list[tuple[str, Interval]]:
    """Return the tuned values with their shares, the largest first."""
    return sorted(importance.items(), key=lambda item: -item[1].estimate)


def root_titles(task: Task) -> tuple[str, ...]:
    """Return the title of the root of the mean loss, none where that says nothing more."""
    return (task.root.title,) if task.root else ()


def roots(loss: float, task: Task) -> tuple[str, ...]:
    """Write the root of a mean loss, for the columns of `root_titles`."""
    return (fixed(sqrt(loss)),) if task.root else ()


def settings(regularization: Regularization) -> str:
    """Name the techniques that are on, with their strengths."""
    strengths = ((t, getattr(regularization, t.name)) for t in TECHNIQUES)
    on = [f"{t.value_words} {setting(value)}" for t, value in strengths if not t.is_off(value)]
    return ", ".join(on) or "nothing"
