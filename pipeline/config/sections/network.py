"""Section `network` of `params.yaml`: the architecture, the same for every trial."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.section import Flag, Section, whole_number

Activation = Literal["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "linear"]


class LayerParams(Section):
    """One hidden layer."""

    units: int = whole_number(1, 100_000, 100)
    activation: Activation = Field(
        default="relu",
        description="relu, tanh, sigmoid, elu, selu, gelu, silu, softplus or linear",
        examples=["relu"],
    )
    dropout: Flag = False
    penalty: Flag = True


class NetworkParams(Section):
    """The architecture, the same for every trial.

    builder: the function that builds the network in the place of all that is listed here.
    """

    layers: tuple[LayerParams, ...] = Field(
        min_length=1, description="a list of one hidden layer or more", examples=["[{units: 30}]"]
    )
    penalize_output: Flag
    batch_norm: Flag
    builder: str | None = Field(
        default=None,
        pattern=r"^[^:\n]+\.py:[A-Za-z_]\w*$",
        description="a file and its function, or null",
        examples=["networks/skip.py:build"],
    )
    watch: str = Field(
        default="networks",
        min_length=1,
        description="a file or folder in the project",
        examples=["networks"],
    )

    @property
    def model(self) -> Literal["mlp", "builder"]:
        """Say whether the network is the built-in one, or the one that the builder builds."""
        return "mlp" if self.builder is None else "builder"
