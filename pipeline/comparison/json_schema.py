"""The JSON schema of `reports/comparison.json`, for those who read it with other tools.

`python -m pipeline.comparison.json_schema > docs/comparison.schema.json` brings the published one
up to date; a change that readers must notice raises `SCHEMA_VERSION`.
"""

from __future__ import annotations

import json
import sys

from pipeline.comparison.result import Comparison


def schema_text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(Comparison.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
