"""JSON Schema (2020-12) of every kind, generated from the tables and kept in the package.

`python -m deskferry.canonical_schema.json_schema` rewrites the documents.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Double, Integer

from deskferry.canonical_schema.columns import UtcTime
from deskferry.canonical_schema.kinds import ENGINE_COLUMNS, KINDS, TABLES, required_columns, sql_table

FOLDER = Path(__file__).parent / "json"


def _types(value_type: str, *, nullable: bool) -> str | list[str]:
    return [value_type, "null"] if nullable else value_type


def _json_type(column: Column[Any]) -> str:
    types = ((Boolean, "boolean"), (Integer, "integer"), (Double, "number"))
    return next((name for sa_type, name in types if isinstance(column.type, sa_type)), "string")


def _value_schema(column: Column[Any]) -> dict[str, Any]:
    nullable = bool(column.nullable)
    if "shape" in column.info:
        schema = dict(column.info["shape"].schema)
        return {"anyOf": [schema, {"type": "null"}]} if nullable else schema
    if "enumeration" in column.info:
        members: list[str | None] = [member.value for member in column.info["enumeration"]]
        return {"enum": [*members, None] if nullable else members}
    schema = {"type": _types(_json_type(column), nullable=nullable)}
    return {**schema, "format": "date-time"} if isinstance(column.type, UtcTime) else schema


def schema_document(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind, made from its table.

    What the store fills itself may be absent: whoever brings records cannot know it.
    """
    name = str(kind)
    properties = {
        column.name: {"description": column.info["description"], **_value_schema(column)}
        for column in sql_table(name).columns
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:deskferry:canonical-schema:{name}",
        "title": name,
        "description": TABLES[name].__doc__ or "",
        "type": "object",
        "properties": properties,
        "required": [column for column in properties if column in required_columns(name) - ENGINE_COLUMNS[name]],
        "additionalProperties": False,
    }


def schema_text(kind: str) -> str:
    """Return the text of the committed document of one kind."""
    return json.dumps(schema_document(kind), indent=2, ensure_ascii=False) + "\n"


@cache
def _stored_text(kind: str) -> str:
    return (FOLDER / f"{kind}.json").read_text(encoding="utf-8")


def load_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind from the package; an unknown kind is refused."""
    if kind not in TABLES:
        raise KeyError(f"{kind!r} is no kind; the kinds are {', '.join(TABLES)}")
    document: dict[str, Any] = json.loads(_stored_text(str(kind)))
    return document


def write_documents(folder: Path = FOLDER) -> None:
    """Write the document of every kind and remove those of kinds that are gone."""
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.json"):
        if stale.stem not in TABLES:
            stale.unlink()
    for kind in KINDS:
        (folder / f"{kind}.json").write_text(schema_text(kind), encoding="utf-8")


if __name__ == "__main__":
    write_documents()
