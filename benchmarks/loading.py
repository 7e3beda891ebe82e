"""Load a model in this process, which has imported nothing so far, and time what it does."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

ROWS = 50_000
ROUNDS = 5
REQUESTS = 200


def main() -> None:
    folder, model = Path(sys.argv[1]), sys.argv[2]
    start = time.perf_counter()
    import mlflow.pyfunc
    import pandas as pd

    imported = time.perf_counter()
    rows = pd.read_parquet(folder / "rows.parquet")
    loaded = mlflow.pyfunc.load_model(model)
    loaded.predict(rows[:1])
    first = time.perf_counter()

    from statistics import median

    from benchmarks.timing import peak_memory_mb, seconds

    peak = peak_memory_mb()
    batch = pd.concat([rows] * -(-ROWS // len(rows)), ignore_index=True)
    one = median(seconds(lambda: loaded.predict(rows[:1])) for _ in range(REQUESTS))
    every = median(seconds(lambda: loaded.predict(batch)) for _ in range(ROUNDS))
    figures = {
        "mlflow_import_s": imported - start,
        "first_prediction_s": first - start,
        "first_prediction_peak_mb": peak,
        "one_row_ms": one * 1e3,
        "batch_rows_per_s": len(batch) / every,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
