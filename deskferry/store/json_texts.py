"""What stands in JSON texts: functions that every engine has under one name (`store.analysis_engines`)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis.expr import datatypes

_TEXT = datatypes.String()


@ibis.udf.scalar.builtin(name="json_member", signature=((_TEXT, _TEXT), _TEXT))
def _member(text, key): ...  # type: ignore[no-untyped-def]  # the engine's own, the signature stands above


@ibis.udf.scalar.builtin(name="json_elements", signature=((_TEXT,), datatypes.Array(_TEXT)))
def _elements(text): ...  # type: ignore[no-untyped-def]  # the engine's own, the signature stands above


def member(text: ir.StringValue, key: str) -> ir.StringValue:
    """Return the value of a key of an object as JSON text; NULL where it has none, `null` where it is null."""
    found: ir.StringValue = _member(text, key)
    return found


def elements(text: ir.StringValue) -> ir.ArrayValue:
    """Return the elements of a list; NULL of a text that is none."""
    found: ir.ArrayValue = _elements(text.startswith("[").ifelse(text, None))
    return found


def values(text: ir.StringValue) -> ir.ArrayValue:
    """Return the elements of a list, or the value that is none as the only one: texts without quotes, null as NULL."""
    found: ir.ArrayValue = _elements(text.startswith("[").ifelse(text, ibis.literal("[") + text + "]"))
    return found
