"""The engines that read a snapshot: what they have to be told so that the same expressions mean the same on each.

All that differs between DuckDB and Spark stands here and in `spark_engine`. Both have these functions, by which
expressions read JSON, where their own ones have different names, paths and ideas of what a text is:

- `json_member(object, key)`: the value of a key as JSON text, NULL where the object lacks it;
- `json_elements(list)`: the elements as texts without quotes, null as NULL; NULL where the text is no JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis

_DUCKDB = (
    "SET TimeZone = 'UTC'",
    # A JSON pointer takes any key, where a path has words of its own (RFC 6901).
    """CREATE OR REPLACE TEMP MACRO json_member(object, name) AS
       CAST(json_extract(object, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS VARCHAR)""",
    "CREATE OR REPLACE TEMP MACRO json_elements(list) AS CAST(TRY_CAST(list AS JSON) AS VARCHAR[])",
)


def duckdb_engine(spill: Path | None = None, memory: str = "4GB") -> Any:
    """Return a DuckDB in memory, which spills into a folder."""
    options = {} if spill is None else {"temp_directory": str(spill), "memory_limit": memory}
    backend = ibis.duckdb.connect(":memory:", preserve_insertion_order=False, **options)
    for statement in _DUCKDB:
        backend.raw_sql(statement)
    return backend
