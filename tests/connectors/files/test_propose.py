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
