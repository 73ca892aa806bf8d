"""Duplicates among people: time and the most memory of a search, in a process of its own.

The account is made here, not by the tests: plain people, one in ten there twice with another spelling of the same.
`python -m benchmarks.duplicates STORE` prints one JSON line about a run in this process.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.desk import PROJECT
from benchmarks.pull import peak_mebibytes
from deskferry.canonical_schema import sql_table
from deskferry.store import open_store
from deskferry.validate.duplicates.search import find_duplicates

_SYLLABLES = [f"{consonant}{vowel}" for consonant in "bcdfghjklmnprstvz" for vowel in ("a", "e", "i", "o", "ar", "en")]
_BATCH = 5_000


def write_people(path: Path, number: int) -> str:
    """Write a store with so many people; return its URL."""
    chance, url = random.Random(5), f"sqlite:///{path}"
    table = sql_table("person")
    with open_store(url) as store:
        for first in range(0, number, _BATCH):
            with store.write() as database:
                database.execute(insert(table), _people(chance, range(first, min(first + _BATCH, number))))
    return url


def _people(chance: random.Random, numbers: range) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    before: tuple[str, str, str, str] | None = None
    for number in numbers:
        given, family, phone, email = before if before and chance.random() < 0.1 else _person(chance, number)
        before = None if before else (given, family, phone, email.replace("@", "+x@"))
        rows.append({
            "id": f"old:user:{number}", "connection": "old", "vendor": "zendesk", "source_object": "user",
            "source_id": str(number), "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z",
            "role": "end_user", "name": f"{given} {family}", "email": email,
            "phone": phone if chance.random() < 0.6 else None,
            "custom_fields": {"plan": chance.choice(("free", "team", "company")), "city": _word(chance, 2)},
        })  # fmt: skip
    return rows


def _person(chance: random.Random, number: int) -> tuple[str, str, str, str]:
    given, family = _word(chance, 2), _word(chance, 3)
    domain = f"{_word(chance, 2)}.example" if chance.random() < 0.5 else "gmail.com"
    return given, family, f"+346{chance.randrange(10**8):08d}", f"{given}.{family}{number % 97}@{domain}"


def _word(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choices(_SYLLABLES, k=syllables))


def searched(url: str) -> dict[str, Any]:
    """Search in another process; return what it prints."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.duplicates", url], cwd=PROJECT, stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main(url: str) -> None:
    """Search, and print what it took."""
    begun = time.perf_counter()
    with open_store(url) as store:
        counted = find_duplicates(store, ["old"], ["person"], "bench")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {"seconds": time.perf_counter() - begun, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak_mebibytes(),
            "pairs": counted.total()}  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
