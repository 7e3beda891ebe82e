"""Finished outer folds, kept between runs so that a stage goes on where it was stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from pipeline.config.params import Params
from pipeline.evaluation.fold import FoldResult
from pipeline.evaluation.records import FoldRecord
from pipeline.project.outputs import write_rows, write_text
from pipeline.search.fingerprint import fingerprint_of, fit_settings

# The stage hands the trainer over, so nothing of the run imports it.
ROOTS = ("pipeline.evaluation.run", "pipeline.training.trainers")


def evaluation_fingerprint(params: Params, files: Iterable[Path]) -> str:
    """Hex digest of all that changes an outer fold's result, the number of repeats excepted."""
    settings = {
        **fit_settings(params),
        "search": params.search.model_dump(exclude={"trials"}),
        "evaluate": params.evaluate.model_dump(exclude={"repeats"}),
    }
    return fingerprint_of(settings, files, ROOTS)


@dataclass(frozen=True)
class Kept:
    """The finished outer folds of one evaluation.

    root: folder of all evaluations; the name of this one is its fingerprint.
    """

    root: Path
    name: str

    def has(self, repeat: int, fold: int) -> bool:
        """Say whether an outer fold is finished."""
        return self._paths(repeat, fold)[0].is_file()

    def read(self, repeat: int, fold: int) -> FoldResult | None:
        """Return a finished outer fold; None if it is not there or cannot be read."""
        record, losses = self._paths(repeat, fold)
        try:
            return FoldResult(
                FoldRecord.model_validate_json(record.read_bytes()), pd.read_parquet(losses)
            )
        except (OSError, ValidationError, ValueError):
            return None

    def write(self, result: FoldResult) -> None:
        """Keep a finished outer fold; the record comes last, so what is there is whole."""
        record, losses = self._paths(result.record.repeat, result.record.fold)
        write_rows(losses, result.losses)
        write_text(record, result.record.model_dump_json(indent=2) + "\n")

    def drop_others(self) -> None:
        """Delete what is kept of other evaluations: of other data, parameters or code."""
        for folder in self.root.iterdir():
            if folder.is_dir() and folder.name != self.name:
                shutil.rmtree(folder, ignore_errors=True)

    def _paths(self, repeat: int, fold: int) -> tuple[Path, Path]:
        place = self.root / self.name / f"r{repeat}-f{fold}"
        return place.with_suffix(".json"), place.with_suffix(".parquet")
