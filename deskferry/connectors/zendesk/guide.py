"""What the help centre of an account has, asked once: languages, who may read, who may edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deskferry.connectors.kit.session import Session

_ABSENT = (400, 403, 404)
_NARROWING = ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids")


@dataclass(frozen=True, slots=True)
class Guide:
    """The help centre as far as it was asked."""

    exists: bool = False
    locales: tuple[str, ...] = ()
    """The default one first."""
    signed_in: int | None = None
    """Segment of whoever is signed in."""
    staff: int | None = None
    """Segment of all agents."""
    permission_group: int | None = None

    def locale(self, wanted: Any) -> str | None:
        """Return the help centre's own language for a tag: the same, else one of the same language; else None."""
        text = str(wanted or "").lower()
        near = [one for one in self.locales if one.partition("-")[0] == text.partition("-")[0]]
        return text if text in self.locales else next(iter(near), None)


def guide_of(session: Session) -> Guide:
    """Return what the account's help centre has; nothing where it has none, or the role may not see it."""
    told = session.request_json("GET", "help_center/locales.json", allow=_ABSENT)
    if told.status != 200 or not isinstance(told.body, Mapping):
        return Guide()
    first = str(told.body.get("default_locale") or "en-us").lower()
    locales = [str(one).lower() for one in told.body.get("locales") or ()]
    segments = _rows(session, "help_center/user_segments.json", "user_segments")
    groups = _rows(session, "guide/permission_groups.json", "permission_groups")
    built_in = [row for row in groups if row.get("built_in")] or groups
    return Guide(
        exists=True,
        locales=(first, *(one for one in locales if one != first)),
        signed_in=_whole(segments, "signed_in_users"),
        staff=_whole(segments, "staff"),
        permission_group=built_in[0]["id"] if built_in else None,
    )


def _rows(session: Session, path: str, envelope: str) -> list[dict[str, Any]]:
    answer = session.request_json("GET", path, params={"per_page": 100}, allow=_ABSENT)
    return list(answer.body.get(envelope) or ()) if answer.status == 200 and isinstance(answer.body, dict) else []


def _whole(segments: list[dict[str, Any]], kind: str) -> int | None:
    """Return the segment of all of a kind: one that nothing narrows."""
    whole = [one for one in segments if one.get("user_type") == kind and not any(one.get(name) for name in _NARROWING)]
    return int(whole[0]["id"]) if whole else None
