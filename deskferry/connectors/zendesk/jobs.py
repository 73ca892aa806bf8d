"""Background jobs: bulk calls answer with one, its rows are worked off meanwhile, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import Raw
from deskferry.connectors.kit.session import Session

ENDED = frozenset({"completed", "failed", "killed"})
_FIRST, _A_ROW = 1.0, 0.03
"""Seconds before the first look at a job: it begins after a moment, and takes a few hundredths a row."""
_LONGEST = 15.0
_GIVEN_UP = 900.0
"""Seconds without progress after which a job is no longer waited for: its rows are looked for."""
_RUNNING_PAGES = 3


class Jobs:
    """Starts jobs and waits for them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stalled: set[str] = set()

    def wait(self, job: Raw, rows: int) -> dict[int, Raw] | None:
        """Return the results by index once the job has ended; None where it vanished or does not go on.

        Results may lack rows: of those nothing is known.
        """
        identifier, clock = str(job.get("id")), self._session.clock
        moved, progress, pause = clock.now(), job.get("progress"), _FIRST + _A_ROW * rows
        while job.get("status") not in ENDED:
            if clock.now() - moved > _GIVEN_UP:
                self._stalled.add(identifier)
                return None
            clock.sleep(pause)
            answer = self._session.request_json("GET", f"job_statuses/{identifier}", allow=(404,))
            if answer.status == 404:
                return None
            job = answer.body.get("job_status") or {}
            if job.get("progress") != progress:
                moved, progress = clock.now(), job.get("progress")
            pause = min(max(1.0, pause / 2 if pause > _LONGEST else pause * 1.5), _LONGEST)
        return by_index(job.get("results"))

    def wait_for_all(self) -> None:
        """Wait until no job of the account runs that may still write rows of ours: only then absence means something.

        A job that does not go on is waited for once.
        """
        for job in self._running():
            if str(job.get("id")) not in self._stalled:
                self.wait(job, 0)

    def _running(self) -> Iterable[Raw]:
        """Yield jobs that have not ended; the newest are listed first."""
        params: Mapping[str, Any] = {"page[size]": 100}
        for _ in range(_RUNNING_PAGES):
            answer = self._session.request_json("GET", "job_statuses", params=params, allow=(403, 404))
            body = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
            yield from (job for job in body.get("job_statuses") or () if job.get("status") not in ENDED)
            meta = body.get("meta") or {}
            if not meta.get("has_more"):
                return
            params = {"page[size]": 100, "page[after]": meta.get("after_cursor")}


def by_index(results: Any) -> dict[int, Raw]:
    """Return the rows of a result by their place in the request; those of creations all tell it."""
    rows: Sequence[Any] = results if isinstance(results, list) else ()
    return {int(row["index"]): row for row in rows if isinstance(row, dict) and isinstance(row.get("index"), int)}


def failed(row: Raw) -> bool:
    """Whether a row of a result says that nothing was written."""
    return row.get("success") is False or bool(row.get("error")) or row.get("id") is None
