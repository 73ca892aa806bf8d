"""Help Scout's rate limits: calls a minute of the account, of which writes count twice; the Docs API counts apart.

Source: developer.helpscout.com/mailbox-api/overview/rate-limiting; the plans' numbers are those of the help centre.
"""

from __future__ import annotations

from deskferry.connectors.kit.limits import ACCOUNT, Bucket

PLANS = {"Standard": 200, "Plus": 400, "Pro": 800}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def price(method: str, _target: str) -> float:
    """Return what a call costs: writes count as two."""
    return 1.0 if method in _READS else 2.0


BUCKETS = (Bucket(ACCOUNT, PLANS["Standard"], match=r"^\w+ /v\d", cost=price),)
"""The lowest plan until the first answer tells the account's own number. Files that lie at a storage do not count."""
DOCS_BUCKETS = (Bucket.of(ACCOUNT, 2000, 600.0),)
"""The Docs API by ten minutes, for one site; more sites may call more (its headers tell)."""
