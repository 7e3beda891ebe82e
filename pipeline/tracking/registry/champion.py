"""Say who is champion: aliases that move safely, and the journal of why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from pydantic import ValidationError

from pipeline.config.errors import InputError
from pipeline.gate.profile import TrainingProfile
from pipeline.tasks.arrays import Floats
from pipeline.tracking.registry.claim import claimed
from pipeline.tracking.registry.journal import (
    Action,
    Entry,
    mark_applied,
    read_journal,
    triggered_by,
    versions_of,
    write_entry,
)
from pipeline.tracking.store.client import connect, mlflow_answers, reason
from pipeline.tracking.store.model_name import dataset_of, name_advice
from pipeline.tracking.store.network_digest import NETWORK_TAG

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
ROLES_TAG = "roles"
# In the run of a version.
ROLES, PROFILE, DECISIONS = "roles.json", "reference.json", "decisions"


@dataclass(frozen=True)
class Version:
    """A registered version.

    clean: whether committed code and parameters made it; None if that is not known.
    """

    number: str
    run_id: str
    tags: Mapping[str, str]
    clean: bool | None


class Registry:
    """The versions of one registered model; every call is an `InputError` if MLflow fails."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._client = connect()

    @mlflow_answers()
    def holder(self, alias: str) -> Version | None:
        """Return the version that an alias points to; None if there is none."""
        try:
            aliases = self._client.get_registered_model(self.model).aliases
        except MlflowException as error:
            if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
                return None
            raise
        if alias not in aliases:
            return None
        return self._version(self._client.get_model_version(self.model, str(aliases[alias])))

    @mlflow_answers()
    def version(self, number: str) -> Version:
        """Return a version by its number; `InputError` if there is none."""
        known = versions_of(self._client, self.model)
        for version in known:
            if str(version.version) == number:
                return self._version(version)
        have = ", ".join(sorted((str(version.version) for version in known), key=int)) or "none"
        raise InputError(
            f"{self.model}: version {number!r} not found, want one of: {have}. Name another."
        )

    @mlflow_answers()
    def made_from(self, network: str) -> Version | None:
        """Return the newest version whose network file has this digest; None if none has."""
        made = [
            version
            for version in versions_of(self._client, self.model)
            if version.tags.get(NETWORK_TAG) == network
        ]
        newest = max(made, key=lambda version: int(version.version), default=None)
        return self._version(newest) if newest else None

    def another_table(self, version: Version, dataset: str) -> str | None:
        """Say what to do if a version was made of another table than this; None if it was not."""
        other = dataset_of(version.tags)
        if other in (None, dataset):
            return None
        return name_advice(self.model, version.number, str(other), dataset)

    @mlflow_answers()
    def journal(self) -> list[tuple[Entry, bool]]:
        """Return all decisions in order, each with whether it has been carried out."""
        return read_journal(self._client, self.model)

    def withdrawals(self, number: str) -> list[Entry]:
        """Return the rollbacks away from a version since it last became champion on purpose."""
        rollbacks: list[Entry] = []
        for entry, _ in self.journal():
            if entry.moves and entry.version == number:
                rollbacks = []
            if entry.action == "rolled back" and entry.champion == number:
                rollbacks.append(entry)
        return rollbacks

    @mlflow_answers()
    def keep_roles(self, version: Version, basis: Mapping[str, object]) -> None:
        """Keep with a version's run what decided the roles of its rows."""
        self._client.log_text(version.run_id, json.dumps(basis, indent=2), ROLES)

    @mlflow_answers()
    def roles(self, version: Version) -> str | None:
        """Return what decided the roles of a version's rows, as JSON; None if that is not known."""
        # Earlier versions of this code kept it in a tag.
        return self._kept(version, ROLES) or version.tags.get(ROLES_TAG)

    @mlflow_answers()
    def keep_training_profile(self, version: Version, profile: TrainingProfile) -> None:
        """Keep what is known of a version's training rows with its run."""
        self._client.log_text(version.run_id, profile.model_dump_json(), PROFILE)

    @mlflow_answers()
    def training_profile(self, version: Version) -> TrainingProfile | None:
        """Return what was kept of a version's training rows; None if nothing was."""
        text = self._kept(version, PROFILE)
        if text is None:
            return None
        try:
            return TrainingProfile.model_validate_json(text)
        except ValidationError:
            raise InputError(
                f"{self.model} version {version.number}: its {PROFILE} cannot be read, want what"
                " this code keeps of training rows. It was written by other code; promote with"
                " make promote FORCE=1 REASON=…."
            ) from None

    def _kept(self, version: Version, name: str) -> str | None:
        """Return what a file of a version's run holds; None if there is no such file."""
        if name not in {file.path for file in self._client.list_artifacts(version.run_id)}:
            return None
        with TemporaryDirectory() as folder:
            path = self._client.download_artifacts(version.run_id, name, folder)
            return Path(path).read_text(encoding="utf-8")

    @mlflow_answers()
    def attach(self, version: Version, figures: Mapping[str, float], files: Sequence[Path]) -> None:
        """Show figures and files on the page of the run that made a version."""
        time = int(datetime.now(UTC).timestamp() * 1000)
        metrics = [Metric(name, value, time, 0) for name, value in figures.items()]
        self._client.log_batch(version.run_id, metrics=metrics)
        for path in files:
            self._client.log_artifact(version.run_id, str(path))

    @mlflow_answers()
    def challenge_with(self, version: Version) -> None:
        """Make a version the challenger."""
        self._client.set_registered_model_alias(self.model, CHALLENGER, version.number)

    @mlflow_answers()
    def record(
        self,
        action: Action,
        version: str,
        judged_against: str | None,
        reasons: Sequence[str],
        figures: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write a decision into the journal and carry it out.

        The entry comes first and its mark last; between them `previous` moves before `champion`.
        So at any instant there is one champion, the old one or the new one, and `finish` completes
        what was interrupted. judged_against: the champion the decision was made against;
        `InputError` if there is another one by now. figures: what the decision rests on, kept with
        the version's run.
        """
        with claimed(self._client, self.model):
            entries = read_journal(self._client, self.model)
            champion = self.holder(CHAMPION)
            current = champion.number if champion else None
            if current != judged_against:
                raise InputError(
                    f"{self.model}: version {current or 'none'} is champion by now and version"
                    f" {judged_against or 'none'} was when this began: another promotion or"
                    " rollback came first. Run make promote to decide against the new one."
                )
            entry = Entry(
                number=1 + max((earlier.number for earlier, _ in entries), default=0),
                action=action,
                version=version,
                champion=current,
                at=_now(),
                by=triggered_by(),
                reasons=tuple(reasons),
            )
            run_id = self._client.get_model_version(self.model, version).run_id
            if figures and run_id:
                # By its number, so that whoever repeats an interrupted decision replaces it.
                text = json.dumps(figures, indent=2, ensure_ascii=False)
                self._client.log_text(run_id, text, f"{DECISIONS}/{entry.number:04d}.json")
            write_entry(self._client, self.model, entry)
            if entry.moves:
                self._carry_out(entry)
        return entry

    @mlflow_answers()
    def finish(self) -> Entry | None:
        """Complete the last decision if it was interrupted, and return it."""
        if not self._unfinished():
            return None
        with claimed(self._client, self.model):
            entry = self._unfinished()
            if entry:
                self._carry_out(entry)
            return entry

    def _unfinished(self) -> Entry | None:
        entries = [pair for pair in read_journal(self._client, self.model) if pair[0].moves]
        if not entries or entries[-1][1]:
            return None
        entry = entries[-1][0]
        champion = self.holder(CHAMPION)
        # Somebody moved the aliases by hand since: theirs is the last word.
        known = (entry.champion, entry.version)
        return entry if (champion.number if champion else None) in known else None

    def _carry_out(self, entry: Entry) -> None:
        """Move the aliases to where an entry wants them; any number of times."""
        if entry.champion and entry.champion != entry.version:
            self._client.set_registered_model_alias(self.model, PREVIOUS, entry.champion)
        self._client.set_registered_model_alias(self.model, CHAMPION, entry.version)
        mark_applied(self._client, self.model, entry, _now())

    def _version(self, version: ModelVersion) -> Version:
        clean = None
        if version.run_id:
            dirty = self._client.get_run(version.run_id).data.tags.get("git_dirty")
            clean = None if dirty is None else dirty == "false"
        return Version(str(version.version), str(version.run_id), dict(version.tags), clean)

    def predict(self, version: Version, raw: pd.DataFrame, classes: Sequence[str]) -> Floats:
        """Return a version's (row, class) probabilities for raw rows; `InputError` if it fails.

        Without classes, return its (row, 1) predictions.
        """
        name = f"{self.model} version {version.number}"
        try:
            model = _load(f"models:/{self.model}/{version.number}")
            answer = model.predict(raw)
            columns = [f"probability_{label}" for label in classes] or ["prediction"]
            absent = [column for column in columns if column not in answer]
            if absent:
                raise ValueError(f"it has no {', '.join(absent)}")
            p: Floats = answer[columns].to_numpy(float)
        except Exception as error:
            # A model is code, and may raise any error.
            raise InputError(
                f"{name} cannot judge today's test rows ({reason(error)}), want {_wanted(classes)}."
                " If the data changed on purpose, make promote FORCE=1"
                " REASON=… puts the challenger in its place."
            ) from None
        if p.shape != (len(raw), len(columns)) or not np.isfinite(p).all():
            raise InputError(
                f"{name} gives answers that are no numbers, want finite ones."
                " Look at the model in MLflow, then run make promote."
            )
        return p


def _wanted(classes: Sequence[str]) -> str:
    return f"probabilities of {', '.join(classes)}" if classes else "a number for each row"


def _load(address: str) -> Any:
    """Load a model; quietly, too, if it is one of those that TensorFlow serves."""
    folder = mlflow.artifacts.download_artifacts(address)
    needed = Path(folder, "requirements.txt")
    if needed.is_file() and "tensorflow" in needed.read_text(encoding="utf-8"):
        import pipeline.training._tensorflow  # noqa: F401 - to start it before the model does
    # A warning of other versions would take longer to find than the predictions, which are judged.
    return mlflow.pyfunc.load_model(folder, suppress_warnings=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
