"""Sending a batch: the rows as the vendor wants them, the job that works them off, and what each result means.

A row that fails harms no other: it is looked at alone, a twin that was there is adopted, and a ticket is tried again
without what its refusal names (an assignee who left, say): better without it than not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from deskferry.connectors.kit.contract import OpenFile, Operation, Outcome, Raw, Ref, Resolve
from deskferry.connectors.kit.links import LINKS_LEFT, Addresses, LinkedText, NewAddresses
from deskferry.connectors.kit.session import Answer, InDoubt, Session
from deskferry.connectors.zendesk import find
from deskferry.connectors.zendesk.answers import DROPPABLE, named, not_permitted, problems, warned
from deskferry.connectors.zendesk.compose_comments import FILE_ADDRESS
from deskferry.connectors.zendesk.jobs import Jobs, failed
from deskferry.connectors.zendesk.settings import ADDRESSES
from deskferry.connectors.zendesk.uploads import TOKEN_LIFE, Refusal, Uploaded, discard, upload

ROWS = 100
"""Rows of a bulk call at most."""
_BODY = 4_000_000
"""Bytes of a bulk call: the vendor names no limit; a hundred long tickets in one body are not tried."""
_TOKEN_RESERVE = 900.0
"""Seconds that a token must have left when the batch leaves."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Where rows of one call go: all together, or one alone."""

    many: str
    rows: str
    one: str
    row: str
    params: Mapping[str, Any] = field(default_factory=dict)


BULK: Mapping[str, Bulk] = {
    "organization.create": Bulk("organizations/create_many", "organizations", "organizations", "organization"),
    "user.create": Bulk("users/create_many", "users", "users", "user"),
    "ticket.import": Bulk("imports/tickets/create_many", "tickets", "imports/tickets", "ticket"),
    "ticket.archive": Bulk(
        "imports/tickets/create_many", "tickets", "imports/tickets", "ticket", {"archive_immediately": True}
    ),
}
_JUDGED = (400, 403, 404, 409, 413, 422)
_PATHS = {"ticket": "agent/tickets", "user": "agent/users", "organization": "agent/organizations"}


@dataclass(slots=True)
class _Row:
    """One operation on its way."""

    operation: Operation
    body: dict[str, Any]
    told: NewAddresses
    uploads: list[Uploaded] = field(default_factory=list)
    refused_files: list[str] = field(default_factory=list)
    size: int = 0
    dropped: tuple[str, ...] = ()

    def without(self, keys: Sequence[str]) -> _Row:
        kept = {key: value for key, value in self.body.items() if key not in keys}
        return replace(self, body=kept, dropped=(*self.dropped, *keys))


class Sender:
    """Sends batches into one account."""

    def __init__(self, session: Session, site: str) -> None:
        self._session = session
        self._addresses = Addresses(site, ADDRESSES)
        self._site = site
        self.jobs = Jobs(session)
        self._bulk_users = True

    # -------------------------------------------------------------------------------------------------------- batches

    def create(self, operations: Sequence[Operation], resolve: Resolve, files: OpenFile) -> list[Outcome]:
        """Send rows of one bulk call; an outcome each, in order."""
        bulk = BULK[operations[0].call]
        outcomes: dict[int, Outcome] = {}
        batch: list[tuple[int, _Row]] = []
        size, began = 0, self._session.clock.now()

        def leave() -> None:
            nonlocal size, began
            if batch:
                found = self._batch(bulk, [row for _place, row in batch])
                outcomes.update((place, one) for (place, _row), one in zip(batch, found, strict=True))
            batch.clear()
            size, began = 0, self._session.clock.now()

        for place, operation in enumerate(operations):
            try:
                row = self._row(operation, resolve, files)
            except LookupError as missing:
                outcomes[place] = Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))
                continue
            old = self._session.clock.now() - began > TOKEN_LIFE - _TOKEN_RESERVE
            if batch and (size + row.size > _BODY or old):
                leave()
            batch.append((place, row))
            size += row.size
        leave()
        return [outcomes[place] for place in range(len(operations))]

    def _row(self, operation: Operation, resolve: Resolve, files: OpenFile) -> _Row:
        """Return a row with the destination's ids, its files uploaded."""
        told = NewAddresses(self._addresses, lambda record_id: resolve(Ref(record_id)))
        row = _Row(operation, resolved(operation.body, resolve, told), told)
        owners: dict[str, list[Uploaded]] = {}
        urls: dict[str, str] = {}
        for file in operation.files:
            found = upload(self._session, file, files(file))
            if isinstance(found, Refusal):
                row.refused_files.append(found.detail)
                continue
            row.uploads.append(found)
            urls[file.attachment_id] = found.url
            carries = operation.carries or (operation.part,)
            owners.setdefault(operation.file_of.get(file.attachment_id, carries[0]), []).append(found)
        if operation.files:
            carries = operation.carries or (operation.part,)
            row.body["comments"] = list(_with_files(row.body["comments"], carries, owners, urls))
        row.size = len(orjson.dumps(row.body))
        return row

    def _batch(self, bulk: Bulk, rows: Sequence[_Row]) -> list[Outcome]:
        """Send rows that fit into one call: alone where there is but one, else as a job."""
        if len(rows) == 1 or (bulk.row == "user" and not self._bulk_users):
            return [self._alone(bulk, row) for row in rows]
        try:
            answer = self._session.request_json(
                "POST", bulk.many, {bulk.rows: [row.body for row in rows]}, params=bulk.params, allow=(403, 413, 422)
            )
            if answer.status == 403 and bulk.row == "user":
                # Bulk imports of users are off until the vendor's support enables them.
                self._bulk_users = False
                return [self._alone(bulk, row) for row in rows]
            if answer.status == 403:
                raise not_permitted(bulk.one, answer)
            if answer.status in {413, 422}:
                middle = len(rows) // 2
                return self._batch(bulk, rows[:middle]) + self._batch(bulk, rows[middle:])
            results = self.jobs.wait(answer.body["job_status"], len(rows))
        except InDoubt as doubt:
            return [Outcome("in_doubt", code="no_answer", detail=str(doubt))] * len(rows)
        if results is None:
            return [Outcome("in_doubt", code="job_lost", detail="the job vanished or stopped")] * len(rows)
        dropped = warned(answer)
        return [self._result(bulk, row, results.get(place), dropped) for place, row in enumerate(rows)]

    def _result(self, bulk: Bulk, row: _Row, result: Raw | None, dropped: frozenset[str]) -> Outcome:
        """Return what a row of a job's results means."""
        if result is None:
            return Outcome("in_doubt", code="no_result", detail="the job told nothing of this row")
        if not failed(result):
            known = row.without(sorted(dropped & row.body.keys())) if dropped else row
            return self._done(known, str(result["id"]), {})
        twin = self._twin(row, f"{result.get('error')} {result.get('details')}")
        if twin is not None:
            return twin
        # Alone it tells by field what is wrong.
        return self._alone(bulk, row)

    # ----------------------------------------------------------------------------------------------- tickets that exist

    def remove(self, operation: Operation, resolve: Resolve) -> Outcome:
        """Put a ticket into the trash; what is there or gone already stays so."""
        assert operation.target is not None
        remote_id = resolve(operation.target)
        self._session.request_json("DELETE", f"tickets/{remote_id}", allow=(404,))
        return Outcome("done", remote_id, receipt={"removed": True})

    def update(self, operation: Operation, resolve: Resolve, files: OpenFile) -> Outcome:
        """Update a ticket: its values, or one comment that is added."""
        assert operation.target is not None
        try:
            remote_id = resolve(operation.target)
            row = self._row(operation, resolve, files)
        except LookupError as missing:
            return Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))
        if operation.call == "ticket.noted":
            return Outcome("done", remote_id)
        body = dict(row.body)
        comments = body.pop("comments", None)
        if comments:
            body |= {"comment": comments[0], "metadata": {find.MARK: operation.mark}}
        try:
            answer = self._session.request_json("PUT", f"tickets/{remote_id}", {"ticket": body}, allow=_JUDGED)
        except InDoubt as doubt:
            return Outcome("in_doubt", code="no_answer", detail=str(doubt))
        if answer.status >= 400:
            discard(self._session, row.uploads)
            code = {403: "forbidden", 404: "target_gone"}.get(answer.status, "target_locked")
            return Outcome("refused", code=code, detail=problems(answer))
        if not comments:
            return self._done(row, remote_id, {})
        audit = answer.body.get("audit") or {}
        ids = [str(one["id"]) for one in audit.get("events") or () if one.get("type") == "Comment"]
        return self._done(row, ids[0] if ids else None, {"appended": True, "created_at": audit.get("created_at")})

    # ---------------------------------------------------------------------------------------------------------- alone

    def _alone(self, bulk: Bulk, row: _Row) -> Outcome:
        """Send one row by itself, again without what its refusal names."""
        for _ in range(len(DROPPABLE[bulk.row]) + 1):
            try:
                answer = self._session.request_json(
                    "POST", bulk.one, {bulk.row: row.body}, params=bulk.params, allow=_JUDGED
                )
            except InDoubt as doubt:
                return Outcome("in_doubt", code="no_answer", detail=str(doubt))
            if answer.status < 300:
                record = answer.body.get(bulk.row) or {}
                known = row.without(sorted(warned(answer) & row.body.keys()))
                receipt = {key: record[key] for key in ("created_at", "updated_at") if record.get(key)}
                return self._done(known, str(record.get("id") or "") or None, receipt)
            if answer.status == 403:
                raise not_permitted(bulk.one, answer)
            said = problems(answer)
            twin = self._twin(row, said)
            if twin is not None:
                return twin
            keys = [key for key in named(bulk.row, said) if key in row.body]
            if not keys:
                return self._refused(row, answer, said)
            row = row.without(keys)
        return self._refused(row, answer, said)

    def _done(self, row: _Row, remote_id: str | None, receipt: dict[str, Any]) -> Outcome:
        if row.dropped or row.refused_files:
            receipt["dropped"] = [*row.dropped, *(f"file {detail}" for detail in row.refused_files)]
        if row.told.left:
            receipt[LINKS_LEFT] = list(dict.fromkeys(row.told.left))
        return Outcome("done", remote_id, self.url(row.operation.object, remote_id), receipt=receipt)

    def _refused(self, row: _Row, answer: Answer, said: str) -> Outcome:
        discard(self._session, row.uploads)
        body = answer.body if isinstance(answer.body, dict) else {}
        error = body.get("error")
        code = error if isinstance(error, str) else f"status_{answer.status}"
        return Outcome("refused", code=code, detail=said or f"status {answer.status}")

    def _twin(self, row: _Row, said: str) -> Outcome | None:
        """Return the record that is there already, where a refusal says that there is one: never overwritten."""
        operation = row.operation
        lowered = said.lower()
        if not operation.adopt or not ("already" in lowered or "duplicate" in lowered or "taken" in lowered):
            return None
        if operation.object == "organization":
            found = find.organizations(self._session, row.body, by_name=True)
        else:
            found = find.users(self._session, row.body, by_address=True)
        if not found:
            return None
        twin = str(found[0]["id"])
        return Outcome(
            "adopted", twin, self.url(operation.object, twin), code="duplicate", detail=said[:500],
            receipt={"adopted": True},
        )  # fmt: skip

    def url(self, object_name: str, remote_id: str | None) -> str | None:
        """Return where a person looks at a record."""
        path = _PATHS.get(object_name)
        return f"{self._site}/{path}/{remote_id}" if path and remote_id else None


# ------------------------------------------------------------------------------------------------------------- bodies


def resolved(value: Any, resolve: Resolve, told: NewAddresses) -> Any:
    """Return a body with the destination's ids, as numbers, in place of references, and new addresses in texts."""
    if isinstance(value, LinkedText):
        return value.told(told)
    if isinstance(value, Ref):
        found = resolve(value)
        return int(found) if found.isdigit() else found
    if isinstance(value, Mapping):
        return {key: resolved(item, resolve, told) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, resolve, told) for item in value]
    return value


def _with_files(
    comments: Sequence[dict[str, Any]],
    carries: Sequence[str],
    owners: Mapping[str, Sequence[Uploaded]],
    urls: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    """Yield comments with the tokens of their files, and with the addresses of those that the text shows."""
    for comment, part in zip(comments, carries, strict=True):
        known = dict(comment)
        tokens = [one.token for one in owners.get(part, ())]
        if tokens:
            known["uploads"] = tokens
        if FILE_ADDRESS in known["html_body"]:
            for attachment, url in urls.items():
                known["html_body"] = known["html_body"].replace(f'"{FILE_ADDRESS}{attachment}"', f'"{url}"')
        yield known
