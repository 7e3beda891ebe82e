"""Section `data` of `params.yaml`: where the table comes from and how its columns are read."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pipeline.config.section import Section, whole_number

Scale = Literal["minmax", "standard", "image", "none"]
TargetTransform = Literal["none", "log1p"]
WantedTask = Literal["auto", "classification", "regression"]


def as_text(value: Any) -> Any:
    """Return a scalar of YAML as text, because a name or a label such as 1 is meant as written."""
    if isinstance(value, bool):
        return str(value)
    return str(value) if isinstance(value, (int, float)) else value


Text = Annotated[str, BeforeValidator(as_text)]
Name = Annotated[Text, Field(min_length=1)]
Names = Annotated[
    tuple[Name, ...], Field(description="a list of column names", examples=["[customer_id]"])
]
TypeName = Annotated[str, Field(pattern=r"^(number|category|boolean|date(:.+)?)$")]


class CsvParams(Section):
    """Says how a text file is written; null means that it is found in the file itself."""

    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="one character, or null to find it",
        examples=["';'"],
    )
    encoding: str | None = Field(
        default=None, description="the name of an encoding, or null to find it", examples=["cp1252"]
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="'.', ',' or null to find it", examples=["','"]
    )
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        default=None,
        description="'.', ',', ' ', \"'\" or null to find it",
        examples=["','"],
    )

    @field_validator("delimiter")
    @classmethod
    def _separates(cls, mark: str | None) -> str | None:
        if mark is not None and (not mark.isascii() or mark in '"\r\n.\0' or mark.isalnum()):
            raise ValueError(
                f"{mark!r} cannot separate columns, want an ASCII mark that is no letter, digit,"
                " quote or point. Change it, e.g. ';'."
            )
        return mark

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            if name is None or codecs.lookup(name)._is_text_encoding:
                return name
        except (LookupError, ValueError):
            pass
        raise ValueError(
            f"{name!r} is no encoding Python knows, want a known one. Change it, e.g. cp1252."
        )

    @model_validator(mode="after")
    def _tells_marks_apart(self) -> CsvParams:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(
                f"decimal and thousands are both {self.decimal!r}, want two marks. Change one,"
                " e.g. decimal '.' and thousands ','."
            )
        return self


class CategoryParams(Section):
    """Says how the levels of text columns become columns of numbers."""

    rare: float = Field(default=0.01, ge=0, lt=1, description="a share in [0, 1)", examples=[0.01])
    most: int = Field(
        default=50,
        ge=2,
        le=10_000,
        description="a whole number from 2 to 10000",
        examples=[50],
    )


class DataParams(Section):
    """Says where the table comes from and how its columns become numbers."""

    source: str = Field(
        min_length=1,
        description="the name of a source, a file or a URL",
        examples=["breast_cancer"],
    )
    watch: str = Field(
        default="tables", min_length=1, description="a file or folder", examples=["tables"]
    )
    query: str | None = Field(
        default=None,
        min_length=1,
        description="an SQL query or null",
        examples=["SELECT * FROM customers"],
    )
    sheet: Name | None = Field(
        default=None, description="a sheet's name or null", examples=["Customers"]
    )
    target: Name | None = Field(
        default=None, description="a column's name or null", examples=["churn"]
    )
    task: WantedTask = Field(
        default="auto",
        description="auto, classification or regression",
        examples=["regression"],
    )
    positive: Text | None = Field(
        default=None, description="one of the two classes, or null", examples=["'yes'"]
    )
    keep: Names | None = Field(
        default=None, description="a list of column names or null", examples=["[age, income]"]
    )
    drop: Names = ()
    types: dict[Name, TypeName] = Field(
        default={},
        description="columns with number, category, boolean, date or date:FORMAT",
        examples=["{zip: category, since: 'date:%d.%m.%Y'}"],
    )
    missing: tuple[Text, ...] = Field(
        default=("",), description="a list of texts", examples=["['', NA, '?']"]
    )
    csv: CsvParams = CsvParams()
    max_mb: int = whole_number(1, 1_000_000, 4096)
    timeout_s: int = whole_number(1, 86_400, 60)
    scale: Scale = Field(description="minmax, standard, image or none", examples=["minmax"])
    target_transform: TargetTransform = Field(
        default="none", description="none or log1p", examples=["log1p"]
    )
    categories: CategoryParams = CategoryParams()
