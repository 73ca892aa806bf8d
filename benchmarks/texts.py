"""How fast texts are scanned for flags: bodies of a simulated account, as replies with what they answer quoted below.

Every reply quotes the whole thread, as mail programs do; a signature with a phone number and links stands below. One
text in fifty holds something that must be judged, one in four has letters beyond ASCII.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.desk import SEED
from deskferry.simulators.account import generate
from deskferry.text_flags import scan

_TAIL = (
    "\n\n-- \n{name} | Sales & more\n+1 (555) 201-{n:04d}\nhttps://acme.example.com/orders?id={n}&utm_source=mail_1\n"
)
_ACCENTS = "\n¿Cuándo llegará el envío? «Größe» – l’été, ça va… 😀 АБВ\n"
_SUSPECT = (
    "\nmy card is 4111 1111 1111 1111\n", "\nuser: ann, password: hunter2\n", "\nllegÃ³ desde EspaÃ±a\n",
    "\nHello {{ticket.requester.name}}\n", "\n<p>Hello<br>there</p>\n", "\nNL91ABNA0417164300\n",
    "\ntracking 4111111111111112\n",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """What a scan of some texts took."""

    mebibytes: float
    seconds: float
    flagged: int
    texts: int

    @property
    def rate(self) -> float:
        """MiB a second."""
        return self.mebibytes / self.seconds


def bodies(tickets: int) -> tuple[list[str], list[str]]:
    """Return (messages as they are written, the same as replies with their thread)."""
    account = generate(SEED, tickets, "plain", 6)
    short = [message.body().text for ticket in account.tickets for _at, message in ticket.messages]
    threads = []
    for n in range(len(short)):
        quoted = "\n\n".join(short[max(0, n - 9) : n]).replace("\n", "\n> ")
        extra = _SUSPECT[n % 7] if n % 50 == 25 else _ACCENTS if n % 4 == 0 else ""
        threads.append(f"{short[n]}{extra}{_TAIL.format(name='Ann Smith', n=n % 10_000)}\n> {quoted}")
    return short, threads


def scanned(texts: list[str], runs: int) -> Pace:
    """Scan texts one by one, as a pull does; the fastest run counts."""
    size = sum(len(text.encode()) for text in texts) / 2**20
    times = []
    flagged = 0
    for _run in range(runs):
        fresh = [text.encode().decode() for text in texts]  # a text keeps its UTF-8 once it was asked for it
        begun = time.process_time()
        flagged = sum(1 for text in fresh if scan(text) is not None)
        times.append(time.process_time() - begun)
    return Pace(size, min(times), flagged, len(texts))
