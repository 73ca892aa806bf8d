"""A proposed layout is a layout: the file that it was made from can be pulled with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from folder import Folder

from deskferry.cli.app import run
from deskferry.connectors.files.propose import propose

TICKETS = (
    "Nº;Asunto;Estado;Priority;Created at;Importe\n"
    + "".join(
        f"{n};Asunto ñ {n};{('Open', 'Closed')[n % 2]};{('Low', 'High')[n % 2]};{n:02d}/02/2024 10:00;1.{n:03d},50\n"
        for n in range(13, 28)
    )
).encode("cp1252")
LOG = "Case ID,Activity,Timestamp,Resource\n" + "".join(
    f"C{n // 4},{('Open', 'Wait', 'Solve', 'Reopen')[n % 4]},2024-01-{n % 28 + 1:02d} 10:00:00,ann\n" for n in range(40)
)


@pytest.mark.parametrize(("name", "data"), [("t.csv", TICKETS), ("log.csv", LOG.encode())])
def test_a_proposal_pulls_its_file(name: str, data: bytes, tmp_path: Path, store_url: str) -> None:
    (tmp_path / name).write_bytes(data)
    folder = Folder(tmp_path, store_url, propose(tmp_path / name))
    folder.write(name, data)
    folder.pull()
    assert folder.rejects() == []
    assert len(folder.rows("ticket", "id")) == (15 if name == "t.csv" else 10)


def test_a_proposal_tells_what_it_saw(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(TICKETS)
    text = propose(tmp_path / "t.csv")
    for part in ('encoding = "cp1252"', 'delimiter = ";"', '"%d/%m/%Y %H:%M"', 'Closed = "closed"', 'decimal = ","'):
        assert part in text


def test_the_command_writes_a_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    out = str(tmp_path / "log.layout.toml")
    assert run(["init", "--layout", str(tmp_path / "log.csv")]) == 0
    text = capsys.readouterr().out
    assert run(["init", "--layout", str(tmp_path / "log.csv"), "--output", out]) == 0
    assert Path(out).read_text(encoding="utf-8") == text
    assert run(["init", "--layout", str(tmp_path / "log.csv"), "--output", out]) == 2


def _csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows, ""])


@pytest.mark.parametrize(
    ("name", "data", "rows", "part"),
    [
        (
            "nulls.csv",
            _csv(
                "Ticket ID,Status,Priority,Created,Solved At",
                *(
                    f"{n},{('Open', 'Solved', 'N/A')[n % 3]},{('High', 'Low', '-')[n % 3]},2024-01-01 10:00,"
                    f"{('N/A', '2024-02-01 10:00')[n % 2]}"
                    for n in range(40)
                ),
            ),
            40,
            'null = ["-", "N/A"]',
        ),
        ("few.csv", _csv("Ticket ID,Status,Priority", "1,Open,High", "2,Solved,Low"), 2, "High = "),
        ("words.csv", _csv("Ticket ID,Status", *(f"{n},State {n % 40}" for n in range(90))), 90, '"State 39" = '),
        (
            "many.csv",
            _csv("Ticket ID,Status,Priority", *(f"{n},State {n},P{n}" for n in range(90))),
            90,
            "needs a table",
        ),
        ("numbers.csv", _csv("Ticket ID,Status,Priority", *(f"{n},{n % 3},{n % 2}" for n in range(9))), 9, "needs a"),
        (
            "odd.csv",
            'Ticket ID,"Why\nnow\x7f\x0b\u2028",x\n' + "".join(f'{n},"l {n % 2}\x0b",\n' for n in range(9)),
            9,
            "\\n",
        ),
        ("blank.csv", "\n\nId;Subject\n1;a\n2;b\n", 2, 'delimiter = ";"'),
    ],
)
def test_a_proposal_works_as_it_is(name: str, data: str, rows: int, part: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(data, encoding="utf-8", newline="")
    text = propose(tmp_path / name)
    assert part in text
    folder = Folder(tmp_path, f"sqlite:///{tmp_path / 's.db'}", text)
    folder.write(name, data)
    folder.pull()
    assert folder.rejects() == []
    assert len(folder.rows("ticket", "id")) == rows


@pytest.mark.parametrize(
    ("name", "data", "says", "code"),
    [
        ("a.json", b'[{"id":1},{"id":2}]', "one JSON document", 2),
        ("a.json", b'[\n  {\n    "id": 1\n  }\n]\n', "one JSON document", 2),
        ("a.csv.gz", b"not gzip at all", "cannot be read to its end", 4),
        ("a.csv", b"PK\x03\x04xyz", "ZIP archive", 2),
        ("a.ndjson", b"a\nb\n", "line 1: ", 2),
        ("a.csv", b"", "no rows that can be read", 2),
    ],
)
def test_what_is_no_table_gets_a_word(
    name: str, data: bytes, says: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert run(["init", "--layout", str(tmp_path / name)]) == code
    assert says in capsys.readouterr().err
