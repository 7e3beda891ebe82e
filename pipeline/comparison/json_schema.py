"""The JSON schema of `reports/comparison.json`, for those who read it with other tools.

`python -m pipeline.comparison.json_schema > docs/comparison.schema.json` brings the published one
up to date; a change that readers must notice raises `SCHEMA_VERSION`.
"""

from __future__ import annotations

import json
import sys

from pipeline.comparison.result import Comparison
from pipeline.project.records import written_schema
from pipeline.tasks.classification import CLASSIFICATION


def schema_text() -> str:
    """Return the schema as the file holds it: with the names that classification gives its losses.

    Where a number is predicted, the file has the same form under the names of that task.
    """
    schema = written_schema(Comparison.model_json_schema(), CLASSIFICATION)
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
