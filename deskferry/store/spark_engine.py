"""Spark as an engine of a snapshot: the session, and what Ibis' backend lacks for our expressions.

The session that runs is used (a notebook's, that of `spark-submit`), else one is begun by Spark's own settings
(`spark-defaults.conf`, SPARK_REMOTE, …): only what decides about results is set here.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.pyspark import Backend
from ibis.backends.sql.compilers import PySparkCompiler
from ibis.expr.schema import Schema
from pyspark.sql import SparkSession


class _Compiler(PySparkCompiler):  # type: ignore[misc] # ibis and pyspark are an extra: without types here
    """The SQL of Spark for expressions that mean something else in Ibis' own."""

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802 - Ibis finds it by name
        if dtype.is_floating():  # `1000000.0` is a DECIMAL to Spark, which goes on in decimals
            return self.cast(str(value), dtype)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_ScalarUDF(self, op: Any, **given: Any) -> Any:  # noqa: N802 - Ibis finds it by name
        """Return the functions of `analysis_engines` in Spark's own: its SQL functions cannot be unnested."""
        name, call = self.__sql_name__(op), self.f.anon
        if name == "json_member":
            text, key = given.values()
            return call.to_json(call.element_at(call.from_json(text, "map<string,variant>"), key))
        if name == "json_elements":
            return call.from_json(*given.values(), "array<string>")
        return super().visit_ScalarUDF(op, **given)


class SparkEngine(Backend):  # type: ignore[misc] # ibis is an extra: without types here
    """Ibis' backend, with tables that come and go as Arrow: by way of pandas, whole numbers beside NULL lose digits."""

    compiler = _Compiler()

    def create_table(self, name: str, /, obj: Any = None, *, temp: bool | None = None, **how: Any) -> ir.Table:
        """Create a table; a temporary one of Arrow is a view of the session."""
        if not temp or not isinstance(obj, pa.Table):
            return super().create_table(name, obj, temp=temp, **how)
        self._session.createDataFrame(obj).createOrReplaceTempView(name)
        return self.table(name)

    def get_schema(self, table_name: str, **where: Any) -> Schema:
        """Return the columns of a table; times have microseconds, as the snapshot and all literals."""
        held = super().get_schema(table_name, **where)
        return Schema({name: _timed(one) for name, one in held.items()})

    def to_pyarrow(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **how: Any) -> Any:
        """Return the result of an expression."""
        self._run_pre_execute_hooks(expr)
        table = expr.as_table()
        found = self._session.sql(self.compile(table, params=params, limit=limit, **how)).toArrow()
        return expr.__pyarrow_result__(found.cast(table.schema().to_pyarrow()))

    def _register_in_memory_table(self, op: Any) -> None:
        self._session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)

    def _create_cached_table(self, name: str, expr: ir.Table) -> ir.Table:
        """Return a table that was computed once.

        Spark's own `cache` plans all that led to a table anew for each question, and a fact is built on facts: the
        checkpoint makes an end of that. It lies with the executors, so a cluster must not give them up when idle.
        """
        self._run_pre_execute_hooks(expr)
        kept = self._session.sql(self.compile(expr)).localCheckpoint()
        kept.createTempView(name)
        return self.table(name)

    def _drop_cached_table(self, name: str) -> None:
        self._session.catalog.dropTempView(name)


def _timed(held: dt.DataType) -> dt.DataType:
    return dt.Timestamp(held.timezone, 6, nullable=held.nullable) if isinstance(held, dt.Timestamp) else held


def spark_engine() -> Any:
    """Return a Spark session as a backend of Ibis."""
    session = SparkSession.builder.appName("deskferry").config("spark.ui.enabled", "false").getOrCreate()
    SparkEngine.register_options()
    return SparkEngine().connect(session)
