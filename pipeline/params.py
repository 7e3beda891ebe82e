"""Typed, strict, frozen view of `params.yaml`, and its only reader.

Each field's description says what is wanted and its example shows a fix, so every error about it
can be told in one line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.data_params import DataParams, as_text
from pipeline.errors import InputError, did_you_mean
from pipeline.gate_params import DriftParams, GateParams
from pipeline.section import Section
from pipeline.section import whole_number as _count

PARAMS_FILE = Path("params.yaml")
SEED_MAX = 2**31 - 1
FRACTIONS_TOLERANCE = 1e-9
# Of a class in the loss: what single precision can bear.
WEIGHTS = (1e-6, 1e6)

Activation = Literal["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "linear"]
Rate = Annotated[float, Field(ge=0, lt=1, description="a rate in [0, 1)", examples=[0.5])]
Strength = Annotated[float, Field(ge=0, description="a number >= 0", examples=[0.0001])]
Fraction = Annotated[
    float, Field(gt=0, lt=1, description="a share between 0 and 1", examples=[0.15])
]
Seed = Annotated[
    int,
    Field(ge=0, le=SEED_MAX, description=f"a whole number from 0 to {SEED_MAX}", examples=[42]),
]
Schedule = Literal["constant", "cosine"]
ClassWeight = Literal["none", "balanced"] | dict[str, float]
Flag = Annotated[bool, Field(description="true or false", examples=[True])]


class SplitParams(Section):
    """Shares of the roles and the folds inside train."""

    train: Fraction
    val: Fraction
    test: Fraction
    folds: int = _count(2, 50, 5)
    group: str | None = Field(
        min_length=1, description="a column's name or null", examples=["patient_id"]
    )
    role: str | None = Field(
        default=None, min_length=1, description="a column's name or null", examples=["role"]
    )
    rows: int | None = Field(
        default=None,
        ge=10,
        le=1_000_000_000,
        description="a whole number from 10 to 1000000000, or null",
        examples=[6000],
    )
    seed: Seed

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        total = self.train + self.val + self.test
        if abs(total - 1) > FRACTIONS_TOLERANCE:
            raise ValueError(
                f"train + val + test is {total:g}, want 1."
                " Change one share, e.g. 0.70 + 0.15 + 0.15."
            )
        return self


class LayerParams(Section):
    """One hidden layer."""

    units: int = _count(1, 100_000, 100)
    activation: Activation = Field(
        default="relu",
        description="relu, tanh, sigmoid, elu, selu, gelu, silu, softplus or linear",
        examples=["relu"],
    )
    dropout: Flag = False
    penalty: Flag = True


class NetworkParams(Section):
    """The architecture, the same for every trial."""

    layers: tuple[LayerParams, ...] = Field(
        min_length=1, description="a list of one hidden layer or more", examples=["[{units: 30}]"]
    )
    penalize_output: Flag
    batch_norm: Flag


class TrainParams(Section):
    """How a fit runs, apart from what is tuned."""

    batch_size: int = _count(1, 1_000_000, 32)
    max_epochs: int = _count(1, 100_000, 100)
    learning_rate: float = Field(gt=0, description="a number > 0", examples=[0.001])
    schedule: Schedule = Field(
        default="constant", description="constant or cosine", examples=["cosine"]
    )
    class_weight: ClassWeight = Field(
        default="none",
        description="none, balanced, or weights of classes",
        examples=["{no: 1, yes: 3}"],
    )

    @field_validator("class_weight", mode="before")
    @classmethod
    def _weights_classes(cls, value: Any) -> Any:
        # Before pydantic looks: of a union it would tell what each of its members wants.
        if value in ("none", "balanced"):
            return value
        if not isinstance(value, dict) or not value:
            shown = _shown(value) if value != {} else "{}"
            raise ValueError(
                f"{shown} is no weighting, want none, balanced, or weights of classes."
                " Change it, e.g. {no: 1, yes: 3}."
            )
        weights: dict[str, float] = {}
        for key, weight in value.items():
            name, number = str(as_text(key)), not isinstance(weight, bool)
            if not (
                number and isinstance(weight, (int, float)) and WEIGHTS[0] <= weight <= WEIGHTS[1]
            ):
                raise ValueError(
                    f"class {name!r} has the weight {_shown(weight)}, want a number from"
                    f" {WEIGHTS[0]:g} to {WEIGHTS[1]:g}. Change it, e.g. 3."
                )
            weights[name] = float(weight)
        return weights


class _Range(Section):
    low: Any
    high: Any

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(
                f"low {self.low:g} is above high {self.high:g}, want low <= high. Swap them."
            )
        if getattr(self, "log", False) and self.low <= 0:
            raise ValueError(
                f"low is {self.low:g} with log: true, want a number > 0."
                " Raise it, e.g. 1.0e-7, or set log: false."
            )
        return self


class RateRange(_Range):
    """Range of a dropout rate."""

    low: Rate
    high: Rate
    log: Flag


class StrengthRange(_Range):
    """Range of a penalty's strength."""

    low: Strength
    high: Strength
    log: Flag


class EpochsRange(_Range):
    """Range of a number of epochs."""

    low: int = _count(0, 100_000, 3)
    high: int = _count(0, 100_000, 20)


class SpaceParams(Section):
    """What the study tunes, and from which ranges."""

    dropout: RateRange
    l1: StrengthRange
    l2: StrengthRange
    patience: EpochsRange


class SearchParams(Section):
    """The study."""

    trials: int = _count(1, 1_000_000, 100)
    batch: int = _count(1, 10_000, 8)
    space: SpaceParams


class Regularization(Section):
    """The four values a trial tunes.

    patience: epochs without improvement before a fit stops and takes its best weights back; None
    trains all epochs and keeps the last weights.
    """

    dropout: Rate
    l1: Strength
    l2: Strength
    patience: int | None = Field(
        ge=0, le=100_000, description="a whole number >= 0, or null", examples=[10]
    )


class CompareParams(Section):
    """How the tuned network and the baseline are judged."""

    seeds: int = _count(1, 10_000, 20)
    ablation: Flag = True
    curve_points: int = _count(0, 100, 5, default=5)
    bootstrap_sets: int = _count(0, 10_000, 100, default=100)
    reference_repeats: int = _count(0, 10_000, 100, default=100)
    rows: int | None = Field(
        default=5000,
        ge=10,
        le=1_000_000_000,
        description="a whole number from 10 to 1000000000, or null",
        examples=[5000],
    )
    resamples: int = _count(100, 1_000_000, 2000)
    confidence: float = Field(
        ge=0.5, lt=1, description="a level from 0.5 to below 1", examples=[0.95]
    )


class TrackingParams(Section):
    """Names in MLflow."""

    model_name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
        max_length=200,
        description="a name of letters, digits, blanks, '.', '_' and '-'",
        examples=["regularized-net"],
    )


class Params(Section):
    """All of `params.yaml`."""

    seed: Seed
    data: DataParams
    split: SplitParams
    network: NetworkParams
    train: TrainParams
    search: SearchParams
    baseline: Regularization
    compare: CompareParams
    gate: GateParams
    drift: DriftParams
    tracking: TrackingParams


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check the parameters; `InputError` tells all that is wrong, one line each."""
    return parse_params(read_yaml(path), str(path))


def parse_params(raw: object, origin: str = str(PARAMS_FILE)) -> Params:
    """Check parameters that are already read; origin names them in errors."""
    if not isinstance(raw, dict):
        raise InputError(
            f"{origin}: the file is {_shown(raw)}, want sections such as 'data:' and 'search:'."
            " Restore it, e.g. with git checkout params.yaml."
        )
    try:
        return Params.model_validate(_lists_to_tuples(raw))
    except ValidationError as error:
        lines = [f"{origin}: {_explain(detail)}" for detail in error.errors()]
        raise InputError("\n".join(lines)) from None


def read_yaml(path: Path) -> object:
    """The values of a YAML file as DVC reads them; `InputError` tells what is wrong with it."""
    try:
        # YAML 1.2, as DVC reads it: 1e-5 is a number, off is a word.
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}), want the parameters."
            " Run from the project's folder, or restore it with git checkout params.yaml."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8, want UTF-8 text. Save the file as UTF-8."
        ) from None
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(
            f"{path}: line {line} gives a key for the second time, want each key once."
            " Delete one of the two."
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise InputError(
            f"{path}: {where} is not YAML ({error.problem}), want 'key: value'."
            " Check indentation, colons and quotes there."
        ) from None
    except YAMLError as error:
        problem = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not YAML ({problem}), want 'key: value' lines. Remove what is not text."
        ) from None


def _lists_to_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists_to_tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_lists_to_tuples(item) for item in value)
    return value


def _explain(detail: ErrorDetails) -> str:
    """One error of pydantic as `key is value, want …. Fix.`"""
    location, kind = detail["loc"], detail["type"]
    key = _dotted(location)
    if kind == "extra_forbidden":
        siblings = _section_at(location[:-1]).model_fields
        hint = did_you_mean(str(location[-1]), siblings) or f" Known keys: {', '.join(siblings)}."
        return f"{key} is unknown, want a known key.{hint}"
    if kind == "value_error":
        told = str(detail["ctx"]["error"])
        return f"{key}: {told}" if key else told
    field = _field_at(location)
    wanted = field.description if field else None
    if kind == "missing":
        if wanted is None:
            return f"{key} is missing, want this section. Restore it from the README's params.yaml."
        return f"{key} is missing, want {wanted}. Add it, e.g. {_example(field)}."
    if wanted is None:
        return f"{key} is {_shown(detail['input'])}, want a section of keys. Indent its keys below."
    return f"{key} is {_shown(detail['input'])}, want {wanted}. Change it, e.g. {_example(field)}."


def _dotted(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _section_at(location: tuple[int | str, ...]) -> type[Section]:
    section: type[Section] = Params
    for part in location:
        if isinstance(part, int):
            continue
        found = _section_of(section.model_fields[part])
        assert found is not None
        section = found
    return section


def _section_of(field: FieldInfo) -> type[Section] | None:
    """The section a field holds, one or a list of them; None for plain values."""
    annotation = field.annotation
    if annotation == tuple[LayerParams, ...]:
        return LayerParams
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return None


def _field_at(location: tuple[int | str, ...]) -> FieldInfo | None:
    """The field an error is about, or that holds the list or mapping it is in; None for a section.

    The item of a list of sections is a section too.
    """
    section: type[Section] | None = Params
    field: FieldInfo | None = None
    for part in location:
        if section is None:
            break
        if isinstance(part, int):
            field = None
            continue
        field = section.model_fields.get(part)
        section = _section_of(field) if field else None
    return field


def _example(field: FieldInfo | None) -> object:
    example = field.examples[0] if field and field.examples else ""
    return str(example).lower() if isinstance(example, bool) else example


def _shown(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


if __name__ == "__main__":
    try:
        load_params()
    except InputError as error:
        raise SystemExit(f"ERROR: {error}") from None
