"""CSV of any kind, NDJSON and Parquet as rows."""

from __future__ import annotations

import builtins
import bz2
import csv
import gzip
import io
import lzma
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from deskferry.connectors.files import decode
from deskferry.errors import ConfigError, Stopped


def read(path: Path, **options: Any) -> list[Any]:
    return [row if bad is None else (line, bad.code) for line, row, bad in decode.rows(path, options)]


def write(folder: Path, data: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


TEXT = 'id;name\n1;"a;b"\n2;"two\nlines ""x"""\n\n3;ñ\n'
ROWS = [{"id": "1", "name": "a;b"}, {"id": "2", "name": 'two\nlines "x"'}, {"id": "3", "name": "ñ"}]


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (TEXT.encode(), {}),
        (TEXT.encode("utf-8-sig"), {}),
        (TEXT.encode("utf-16"), {}),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), {"encoding": "utf-8"}),
        (TEXT.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (TEXT.encode("cp1252"), {"encoding": "cp1252"}),
        (TEXT.replace(";", "\t").replace("a\tb", "a;b").encode(), {}),
        (TEXT.replace(";", "|").replace("a|b", "a;b").encode(), {}),
        (TEXT.replace("\n", "\r\n").replace("two\r\n", "two\n").encode(), {}),
        (b"sep=;\n" + TEXT.encode(), {}),
        (b"made by a tool\non monday\n" + TEXT.encode(), {"skip_lines": 2}),
        (TEXT.replace('"', "'").replace("''x'''", '"x"\'').encode(), {"quote": "'"}),
    ],
)
def test_delimiters_encodings_and_quotes(data: bytes, options: dict[str, Any], tmp_path: Path) -> None:
    assert read(write(tmp_path, data), **options) == ROWS


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".xz"])
def test_compressed_files(ending: str, tmp_path: Path) -> None:
    pack = {".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[ending]
    assert read(write(tmp_path, pack(TEXT.encode()), f"a.csv{ending}")) == ROWS


def test_a_file_that_was_cut_short_stops_and_can_be_resumed(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,n\n" + b"".join(f"{n},{n * n}\n".encode() for n in range(5000)))
    with pytest.raises(Stopped, match="cut short"):
        read(write(tmp_path, packed[:-200], "a.csv.gz"))


def test_ragged_rows(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n1\n1,2\n1,2,3\n")
    assert read(path) == [(2, "too_few_cells"), {"a": "1", "b": "2"}, (4, "too_many_cells")]
    assert read(path, ragged="fill") == [{"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2", "@more": ["3"]}]


def test_headers_without_names_or_with_the_same_one(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,,a\n1,2,3\n")) == [{"a": "1", "column 2": "2", "a (2)": "3"}]
    assert read(write(tmp_path, b"1,2\n"), columns=["x", "y"]) == [{"x": "1", "y": "2"}]
    assert read(write(tmp_path, b"a,b\n1,2\n"), columns=["x", "y"], header=True) == [{"x": "1", "y": "2"}]


def test_nul_bytes_are_kept(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,b\n1,x\x00y\n")) == [{"a": "1", "b": "x\x00y"}]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "LONGEST_FIELD", 100)
    data = b'a,b\n1,2\n2,"open\n' + b"x,y\n" * 30 + b"3,4\n"
    found = read(write(tmp_path, data))
    assert found[0] == {"a": "1", "b": "2"}
    assert found[1] == (3, "bad_row")
    assert found[-1] == {"a": "3", "b": "4"}


def test_a_stray_quote_costs_its_row_and_none_of_those_after_it(tmp_path: Path) -> None:
    data = b'a,b\n1,"19in" screen\n2,"c"\n3,"unclosed\n4,e\n5,"f"\n6,19in "x"\n7,"two\nlines"\n8,"open\n9,z\n'
    path = write(tmp_path, data)
    assert read(path) == [
        (2, "bad_row"), {"a": "2", "b": "c"}, (4, "bad_row"), {"a": "4", "b": "e"}, {"a": "5", "b": "f"},
        {"a": "6", "b": '19in "x"'}, {"a": "7", "b": "two\nlines"}, (10, "bad_row"), {"a": "9", "b": "z"},
    ]  # fmt: skip
    details = [bad.detail for _line, _row, bad in decode.rows(path, {}) if bad is not None]
    assert "(lines 4 to 6 were taken for one row)" in details[1]


def test_blank_rows_and_blank_lines_before_the_header_are_no_rows(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"\n \na,b\n , \n\n1,2\n")) == [{"a": "1", "b": "2"}]


def test_ndjson(tmp_path: Path) -> None:
    data = b'{"id":1}\n\n[1]\n{"id":\n{"id":2}\n\xff\n'
    assert read(write(tmp_path, data, "a.ndjson")) == [
        {"id": 1}, (3, "bad_json"), (4, "bad_json"), {"id": 2}, (6, "bad_encoding"),
    ]  # fmt: skip


def test_parquet(tmp_path: Path) -> None:
    at = datetime(2024, 1, 1, 10, tzinfo=UTC)
    table = pa.table(
        {"id": [1, 2], "at": [at, None], "amount": [Decimal("1.50"), None], "tags": [["a"], []], "b": [b"x", None]}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [
        {"id": 1, "at": "2024-01-01T10:00:00+00:00", "amount": 1.5, "tags": ["a"], "b": "eA=="},
        {"id": 2, "at": None, "amount": None, "tags": [], "b": None},
    ]
    with pytest.raises(ConfigError, match="no Parquet file"):
        read(write(tmp_path, b"not parquet", "b.parquet"))


def test_numbers_of_parquet_are_numbers(tmp_path: Path) -> None:
    """Integers with gaps, which most writers make floats of, are integers again: they are keys."""
    cells = [5.0, None, 2.5, float("nan"), 1e300]
    exact = [Decimal("5.00"), Decimal("2.50"), None, Decimal("12345678901234567.25"), Decimal(2) ** 60]
    table = pa.table({"a": pa.array(cells), "b": pa.array(exact, pa.decimal128(38, 2))})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert [str(row["a"]) for row in found] == ["5", "None", "2.5", "None", "1e+300"]
    assert [row["b"] for row in found] == [5, 2.5, None, "12345678901234567.25", f"{2**60}.00"]


def test_a_time_of_parquet_beyond_the_calendar_costs_its_row(tmp_path: Path) -> None:
    far = 253_402_300_800_000_000  # the year 10000
    table = pa.table({"id": [1, 2, 3], "at": pa.array([0, far, 1], pa.timestamp("us"))})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert [row if isinstance(row, tuple) else row["id"] for row in found] == [1, (2, "bad_row"), 3]


def test_utf_16_that_is_cut_off_costs_its_last_row(tmp_path: Path) -> None:
    data = "id,n\n1,ñ\n2,x\n".encode("utf-16")[:-1]
    assert read(write(tmp_path, data)) == [{"id": "1", "n": "ñ"}, (3, "bad_encoding")]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def lacking(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(ConfigError, match=r"deskferry\[files\]"):
        read(write(tmp_path, b"", "a.parquet"))


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(CELLS, min_size=3, max_size=3),
        min_size=1, max_size=12,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)  # fmt: skip
def test_what_the_csv_module_writes_is_read_back(
    rows: list[list[str]], delimiter: str, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([["a", "b", "c"], *rows])
    path = write(tmp_path_factory.mktemp("csv"), out.getvalue().encode(encoding))
    expected = [dict(zip(("a", "b", "c"), row, strict=True)) for row in rows if "".join(row).strip()]
    assert read(path) == expected
