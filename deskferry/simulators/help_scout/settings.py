"""What an administrator of the account, or a test, can switch; and the vendor's own numbers.

Verified: the vendor's pages or several clients agree. The others are our choice where the vendor is silent, always the
one that forgives a client less.
"""

from __future__ import annotations

from dataclasses import dataclass

ORIGIN = "https://api.helpscout.net"
DOCS_ORIGIN = "https://docsapi.helpscout.net"
WEB_ORIGIN = "https://secure.helpscout.net"


@dataclass(slots=True)
class Settings:
    """Switches and limits."""

    company_id: int = 408_001
    company_name: str = "Acme"
    plan: str = "standard"
    origin: str = ORIGIN
    docs_origin: str = DOCS_ORIGIN
    web_origin: str = WEB_ORIGIN
    storage_origin: str | None = None  # without one, another name of the host that was called
    redirect_above: int = 100_000  # `/file` answers larger files with a 302 (verified that it may)
    docs_site: bool = True
    notifications: bool = True
    workflows: bool = True  # automatic workflows run on what is imported too
    search_lag: float = 60.0  # of `query=`: "unreliable for new records" is verified, how long is not
    list_lag: float = 0.0  # of lists without `query=`: no source speaks of any
    conversation_page: int = 25  # verified
    thread_page: int = 25  # the vendor's sample says 25, a client expects 50
    list_page: int = 50  # verified
    cursor_page: int = 50
    embedded_threads: int | None = None  # how many of the newest threads `embed=threads` shows; no source knows a cap
    all_includes_spam: bool = True  # whether `status=all` shows spam; no source says that it does not
    upper_bounds: bool = False  # `[a TO b]` in a query: clients report that b is not relied on
    window: int | None = (
        10_000  # how far lists of conversations can be paged; no source knows an end, many APIs have one
    )
    merge_days: int = 60  # verified: a merged conversation answers 301 for so long, then 404
    max_threads: int = 100  # verified for writing
    threads_full_status: int = 412  # v1's status; v2's is unknown
    max_request_bytes: int = 10 * 1024 * 1024
    max_customer_conversations: int = 100  # verified: more, and the customer cannot be deleted
    max_properties: int = 50
    patch_lists_refused: bool = True  # verified: a conversation takes one operation, a customer a list
    bare_saved_replies: bool = True  # verified that both forms were met: the list without an envelope
