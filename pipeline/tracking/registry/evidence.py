"""The evidence for a decision about the champion: from today's rows, and from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pipeline.config.errors import InputError
from pipeline.config.params import Params
from pipeline.data.roles import identities, role_basis
from pipeline.data.schema import Schema
from pipeline.data.target import actual_values
from pipeline.gate.checks import as_outputs, failed_data_checks, judge_model
from pipeline.gate.contest import changed_roles
from pipeline.gate.decision import Contest, Evidence, challenge
from pipeline.gate.drift import Drift
from pipeline.gate.new_rows import Today, drift_since, first_few, stop_message, todays_profile
from pipeline.gate.profile import TrainingProfile
from pipeline.tracking.registry.champion import Registry, Version


@dataclass(frozen=True)
class Gathered:
    """The evidence, and what the report shows beside it.

    metrics: of the challenger and the champion on today's test rows. drift: None without a
    champion, or if it kept no profile of its training rows.
    """

    evidence: Evidence
    metrics: Mapping[str, dict[str, float]]
    drift: Drift | None


def gather(
    registry: Registry,
    challenger: Version,
    champion: Version | None,
    rows: Today,
    schema: Schema,
    params: Params,
) -> Gathered:
    """Judge the challenger, and compare it with the champion; `InputError` if that is impossible.

    What a later comparison with this challenger needs is kept in the registry.
    """
    basis = role_basis(schema, params.split)
    registry.keep_roles(challenger, basis)
    today = todays_profile(rows, schema)
    registry.keep_training_profile(challenger, today)

    profile = registry.training_profile(champion) if champion else None
    drift = _drift(registry, champion, profile, rows, schema, params) if champion else None
    rivals = {"challenger": challenger} | ({"champion": champion} if champion else {})
    metric = params.gate.metric_for(schema.task)
    y, features = actual_values(rows.test, schema), rows.test[schema.features]
    p = {name: registry.predict(rival, features, schema.classes) for name, rival in rivals.items()}
    judged = {
        name: judge_model(served, y, features, params.gate.slices.min_rows, schema.task)
        for name, served in p.items()
    }
    contest = None
    if champion:
        tested = identities(rows.test, schema).tolist()
        roles = registry.roles(champion)
        outputs = {name: as_outputs(served, schema.task) for name, served in p.items()}
        contest = Contest(
            difference=challenge(
                outputs["challenger"],
                outputs["champion"],
                y,
                params.gate,
                params.seed,
                schema.task,
            ),
            clean=challenger.clean,
            changed_roles=changed_roles(roles, basis, profile, today, tested),
            withdrawn=[
                f"version {entry.champion} on {entry.at[:10]} ({'; '.join(entry.reasons)})"
                for entry in registry.withdrawals(challenger.number)
            ],
            champion=judged["champion"].metrics[metric.name],
            drift=None if drift is None else first_few([c.in_words for c in drift.at("stop")]),
        )
    failed = failed_data_checks(schema, params.gate.findings)
    metrics = {name: dict(model.metrics) for name, model in judged.items()}
    return Gathered(Evidence(judged["challenger"], failed, contest, schema.task), metrics, drift)


def _drift(
    registry: Registry,
    champion: Version,
    profile: TrainingProfile | None,
    rows: Today,
    schema: Schema,
    params: Params,
) -> Drift | None:
    """Compare today's rows with the champion's; `InputError` if it cannot read today's columns."""
    if profile is None:
        return None

    predict = partial(registry.predict, champion, classes=schema.classes)
    drift = drift_since(profile, rows.raw, rows.test, schema, params.drift, predict)
    if any(change.kind == "schema" for change in drift.at("stop")):
        raise InputError(registry.another_table(champion, schema.name) or stop_message(drift))
    return drift
