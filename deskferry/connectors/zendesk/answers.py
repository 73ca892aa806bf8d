"""What answers of writes say: the words of a refusal, the fields it names, the keys that were removed in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deskferry.connectors.kit.session import Answer
from deskferry.errors import Refused

DROPPABLE: Mapping[str, Mapping[str, str]] = {
    "ticket": {
        "assignee": "assignee_id", "group": "group_id", "organization": "organization_id", "brand": "brand_id",
        "ticket form": "ticket_form_id", "custom status": "custom_status_id", "submitter": "submitter_id",
        "followers": "followers", "collaborators": "email_ccs",
    },
    "user": {"identities": "identities", "phone": "phone", "organization": "organization_ids", "locale": "locale"},
    "organization": {"group": "group_id"},
}  # fmt: skip
"""Object → word by which a refusal names a field, without which the record would be taken."""
_WARNING = "x-zendesk-api-warn"
_KEYS = re.compile(r'"([^"]+)"')


def problems(answer: Answer) -> str:
    """Return what a refusal says, in one line."""
    body = answer.body if isinstance(answer.body, dict) else {}
    details = body.get("details")
    if isinstance(details, Mapping):
        listed = [one for several in details.values() for one in (several if isinstance(several, list) else [several])]
        said = [str(one.get("description") or one.get("error")) if isinstance(one, Mapping) else str(one)
                for one in listed]  # fmt: skip
        return " ".join(said)
    if isinstance(details, str):
        return details
    error = body.get("error")
    told = error.get("message") if isinstance(error, Mapping) else body.get("description") or error
    return str(told or answer.body or "")[:500]


def named(kind: str, said: str) -> list[str]:
    """Return the keys that a refusal names and that may stay away."""
    found = [key for name, key in DROPPABLE[kind].items() if re.search(rf"(?i)(^|\s){name}(_id)?:", said)]
    return ["organization_id", *found] if "organization_ids" in found else found


def warned(answer: Answer) -> frozenset[str]:
    """Return the keys that the vendor says it removed: unknown ones are dropped in silence but for this header."""
    return frozenset(_KEYS.findall(answer.headers.get(_WARNING) or ""))


def not_permitted(path: str, answer: Answer) -> Refused:
    return Refused(
        f"zendesk: POST {path} is refused: {problems(answer)}.",
        "Only administrators can import; log in as one, with the scopes `read` and `write`.",
    )
