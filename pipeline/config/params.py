"""Read all of `params.yaml` into typed, strict, frozen sections.

Each field's description says what is wanted and its example shows a fix, so that every error about
it is one line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from pipeline.config.errors import InputError
from pipeline.config.explain import explain
from pipeline.config.reader import PARAMS_FILE, read_yaml
from pipeline.config.section import Section, Seed, shown
from pipeline.config.sections.compare import CompareParams
from pipeline.config.sections.data import DataParams
from pipeline.config.sections.drift import DriftParams
from pipeline.config.sections.evaluate import EvaluateParams
from pipeline.config.sections.gate import GateParams
from pipeline.config.sections.network import NetworkParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.search import SearchParams
from pipeline.config.sections.split import SplitParams
from pipeline.config.sections.tracking import TrackingParams
from pipeline.config.sections.train import TrainParams
from pipeline.regularizers import BY_BUILDER


class Params(Section):
    """All of `params.yaml`."""

    seed: Seed
    data: DataParams
    split: SplitParams
    network: NetworkParams
    train: TrainParams
    search: SearchParams
    baseline: Regularization
    evaluate: EvaluateParams
    compare: CompareParams
    gate: GateParams
    drift: DriftParams
    tracking: TrackingParams

    @model_validator(mode="after")
    def _builder_can_have_all(self) -> Self:
        if self.network.builder:
            names = [technique.name for technique in self.search.space.techniques]
            beyond = [name for name in names if name not in BY_BUILDER]
            if beyond:
                raise ValueError(
                    f"search.space.{beyond[0]} has a range, but acts on the built-in network"
                    " alone, want none beside network.builder. Remove it from search.space."
                )
            if self.train.l1 == "proximal":
                raise ValueError(
                    "train.l1 is proximal, but network.builder's network is trained by Keras, want"
                    " subgradient. Set it so, or network.builder to null."
                )
        return self


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check the parameters; `InputError` lists every fault, one line each."""
    return parse_params(read_yaml(path), str(path))


def parse_params(raw: object, origin: str = str(PARAMS_FILE)) -> Params:
    """Check parameters that are already read; origin names them in errors."""
    if not isinstance(raw, dict):
        raise InputError(
            f"{origin}: the file is {shown(raw)}, want sections such as 'data:' and 'search:'."
            " Restore it, e.g. with git checkout params.yaml."
        )
    try:
        return Params.model_validate(_lists_to_tuples(raw))
    except ValidationError as error:
        lines = [f"{origin}: {explain(detail, Params)}" for detail in error.errors()]
        raise InputError("\n".join(lines)) from None


def _lists_to_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists_to_tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_lists_to_tuples(item) for item in value)
    return value


if __name__ == "__main__":
    try:
        load_params()
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
