"""What the account has beside tickets, asked once: an active survey, time tracking, its own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.kit.session import Session

_ABSENT = (400, 403, 404)
_CLASSIC = 3
"""Classic surveys run from 1 (happy) to 3 (unhappy), the others from 103 (happy) to -103."""


@dataclass(slots=True)
class Beside:
    """Asks, at the first time that somebody wants to know."""

    session: Session
    language: str | None = None
    _steps: tuple[int, ...] | None = None
    _tracks: bool | None = None

    def told(self, desk: Desk) -> Desk:
        """Return the desk with what the account has beside tickets."""
        if self._steps is None:
            self._steps = self._survey()
        if self._tracks is None:
            answer = self.session.request_json("GET", "time_entries", params={"per_page": 1}, allow=_ABSENT)
            self._tracks = answer.status == 200
        return replace(desk, language=self.language, rating_steps=self._steps, time_tracking=self._tracks)

    def _survey(self) -> tuple[int, ...]:
        """Return the steps of the active survey's main question, from the worst to the best."""
        answer = self.session.request_json("GET", "surveys", params={"state": "active"}, allow=_ABSENT)
        surveys = answer.body if answer.status == 200 and isinstance(answer.body, list) else []
        for survey in surveys:
            for question in survey.get("questions") or ():
                if isinstance(question, Mapping) and question.get("id") == "default_question":
                    return ordered(question.get("accepted_ratings"))
        return ()


def ordered(steps: Any) -> tuple[int, ...]:
    """Return the accepted ratings from the worst to the best."""
    found = sorted(one for one in steps or () if type(one) is int)
    return tuple(reversed(found)) if found and found[0] > 0 and found[-1] <= _CLASSIC else tuple(found)
