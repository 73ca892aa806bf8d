"""What the files connector can do: it reads every kind, and writes none."""

from __future__ import annotations

from deskferry.connectors.kit.capabilities import Both, Capabilities, vendor_cannot, yes

_NO_WRITING = vendor_cannot("files are read only; `deskferry export` writes them")

CAPABILITIES = Capabilities(
    vendor="files",
    kinds={},
    rest=Both(yes("as far as the layout says"), _NO_WRITING),
    keeps_created_at=_NO_WRITING,
    keeps_author=_NO_WRITING,
    writes_silently=_NO_WRITING,
    appends_silently=_NO_WRITING,
    finds_by_origin=_NO_WRITING,
    keeps_threading=_NO_WRITING,
)
