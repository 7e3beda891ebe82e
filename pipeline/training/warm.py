"""Compile the trainer ahead of its first use: `python -m pipeline.training.warm`."""

from __future__ import annotations

import numpy as np

from pipeline.config.sections.network import LayerParams
from pipeline.config.sections.regularization import Regularization
from pipeline.config.sections.train import TrainParams
from pipeline.data.prepare import Fold
from pipeline.training.architecture import Architecture
from pipeline.training.fit import Member
from pipeline.training.trainers import trainer


def main() -> None:
    rows = np.arange(2, dtype=np.int32)
    fold = Fold(np.zeros((2, 1), np.float32), rows, rows, rows, rows)
    architecture = Architecture(1, 2, (LayerParams(units=1),), False, False)
    plain = Regularization(dropout=0.0, l1=0.0, l2=0.0, patience=None)
    train = TrainParams(batch_size=2, max_epochs=1, learning_rate=0.001)
    trainer()([Member(fold, plain, 0)], architecture, train)


if __name__ == "__main__":
    main()
