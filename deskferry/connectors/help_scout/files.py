"""The bytes of an attachment: raw where the vendor gives them so, else out of the base64 of its JSON answer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from deskferry.connectors.kit.contract import BlobRef
from deskferry.connectors.kit.session import Gone, Session
from deskferry.errors import Stopped

_BEGIN = re.compile(rb'"data"\s*:\s*"')
_HEAD = 1 << 16


class Download:
    """A file: `…/file` answers bytes or leads to a storage that gets no credentials; `…/data` is JSON."""

    def __init__(self, session: Session, ref: BlobRef) -> None:
        self._session = session
        own = ref.attachment_id.rpartition(":")[2]
        self._path = f"conversations/{ref.parent}/attachments/{own}"
        self._inner: AbstractContextManager[Iterator[bytes]] | None = None

    def __enter__(self) -> Iterator[bytes]:
        self._inner = self._session.stream(f"{self._path}/file")
        try:
            return self._inner.__enter__()
        except Gone:
            self._inner = self._session.stream(f"{self._path}/data")
        return decoded(self._inner.__enter__())

    def __exit__(self, *details: Any) -> bool | None:
        return self._inner.__exit__(*details) if self._inner is not None else None


def decoded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes behind `{"data": "<base64>"}` as they arrive; raises Stopped for anything else."""
    held = b""
    begun = ended = False
    for chunk in chunks:
        held += chunk
        if not begun:
            found = _BEGIN.search(held)
            if found is None and len(held) > _HEAD:
                break
            if found is None:
                continue
            begun, held = True, held[found.end() :]
        text, quote, _rest = held.partition(b'"')
        ended = bool(quote)
        text = text.replace(b"\\/", b"/").replace(b"\\n", b"").replace(b"\\r", b"")
        # An escape may be cut in two; four characters make three bytes.
        whole = len(text) if ended else (len(text) - text.endswith(b"\\")) // 4 * 4
        yield _bytes(text[:whole])
        held = text[whole:]
        if ended:
            return
    raise Stopped("help_scout: a file broke off, or is no base64.", "Run the same command again.")


def _bytes(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Stopped("help_scout: a file is no base64.", "Run the same command again.") from error
