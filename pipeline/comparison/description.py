"""What the data and the setting of a comparison are, as its report says it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.comparison.result import Data, Setting
from pipeline.config.params import Params
from pipeline.data.findings import sentences
from pipeline.data.prepare import Fold
from pipeline.data.schema import Schema


def describe_data(schema: Schema, rows: Mapping[str, int], fold: Fold) -> Data:
    """Describe the data set, with the number of rows of each role, and what to know about it."""
    weighted: tuple[str, ...] = ()
    if fold.class_weight is not None:
        shown = ", ".join(map("{}: {:.3g}".format, schema.classes, fold.class_weight))
        weighted = (
            f"the training loss counts classes unequally ({shown}), so probabilities lean to the"
            " classes that count more; stopping and every figure below count rows equally",
        )
    return Data(
        name=schema.name,
        description=schema.description,
        classes=schema.classes,
        positive=schema.positive,
        columns=len(schema.columns),
        rows=dict(rows),
        findings=(*sentences(schema.findings), *weighted),
    )


def describe_setting(
    params: Params, digests: Mapping[str, str], versions: Mapping[str, str], machine: str
) -> Setting:
    """Describe what a rerun depends on besides code: files, packages, machine and parameters."""
    layers = "-".join(str(layer.units) for layer in params.network.layers)
    train = params.train.model_dump()
    if isinstance(params.train.class_weight, dict):
        weights = params.train.class_weight.items()
        train["class_weight"] = ", ".join(f"{name}: {weight:g}" for name, weight in weights)
    return Setting(
        digests=dict(digests),
        versions=dict(versions),
        machine=machine,
        layers=f"hidden layers {layers}",
        train=train,
    )
