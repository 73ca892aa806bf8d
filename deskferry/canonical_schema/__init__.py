"""The vocabulary: kinds, tables, enumerations, identifiers, JSON Schemas. Imports nothing else of ours."""

from deskferry.canonical_schema.canonical import Canonical, metadata
from deskferry.canonical_schema.columns import Json, UtcTime, json_text, parse_time_text, time_text
from deskferry.canonical_schema.enums import Kind
from deskferry.canonical_schema.identifiers import CONNECTION_NAME, part_id, record_id, split_id
from deskferry.canonical_schema.kinds import (
    ENGINE_COLUMNS,
    KINDS,
    TABLES,
    VOLATILE_COLUMNS,
    bool_columns,
    column_names,
    json_columns,
    required_columns,
    sql_table,
    time_columns,
)

__all__ = [
    "CONNECTION_NAME",
    "ENGINE_COLUMNS",
    "KINDS",
    "TABLES",
    "VOLATILE_COLUMNS",
    "Canonical",
    "Json",
    "Kind",
    "UtcTime",
    "bool_columns",
    "column_names",
    "json_columns",
    "json_text",
    "metadata",
    "parse_time_text",
    "part_id",
    "record_id",
    "required_columns",
    "split_id",
    "sql_table",
    "time_columns",
    "time_text",
]
