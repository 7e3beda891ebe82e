"""Write what an evaluation found as tables."""

from __future__ import annotations

from math import sqrt

import pandas as pd

from pipeline.evaluation.result import Evaluation
from pipeline.statistics.nested import ProcedureDifference


def arms_table(e: Evaluation) -> pd.DataFrame:
    """Return a row for each arm, for each part of the mix and for each other model.

    One more is for the mean prediction of the tuned networks, if there is one.

    difference: in the loss. An arm is compared with the baseline, the mix with itself without a
    part, the mean prediction with the networks alone, and the tuned network with another model.
    """
    loss, second = e.task.loss.name, e.task.second_loss.name

    def root(mean_loss: float) -> dict[str, object]:
        return {e.task.root.name: sqrt(mean_loss)} if e.task.root else {}

    rows: list[dict[str, object]] = [
        {
            "arm": arm.title,
            "compared": "with the baseline" if arm.difference else "",
            loss: arm.loss,
            **root(arm.loss),
            second: arm.second_loss,
            **(_interval(arm.difference.loss) if arm.difference else {}),
            "verdict": arm.difference.verdict if arm.difference else "",
        }
        for arm in e.arms
    ]
    rows += [
        {
            "arm": part.title,
            "compared": "the mix with itself without this part",
            **_interval(part.difference),
            "verdict": part.verdict,
        }
        for part in e.parts
    ]
    if e.ensemble:
        rows.append(
            {
                "arm": f"Mean of {e.ensemble.networks} tuned networks",
                "compared": "their mean prediction with each of them alone",
                **_interval(e.ensemble.difference),
                "verdict": e.ensemble.verdict,
            }
        )
    rows += [
        {
            "arm": peer.title,
            "compared": "the tuned network with this model",
            loss: peer.loss,
            **root(peer.loss),
            second: peer.second_loss,
            **_interval(peer.difference),
            "verdict": peer.verdict,
        }
        for peer in e.peers
    ]
    return pd.DataFrame(rows)


def _interval(difference: ProcedureDifference) -> dict[str, object]:
    return {"difference": difference.estimate, "low": difference.low, "high": difference.high}
