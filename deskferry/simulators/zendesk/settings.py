"""What an administrator of the account, or a test, can switch; and the vendor's own numbers for writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """Switches and limits of writing.

    Verified: the documentation or several clients agree. The others are our choice where the vendor is silent, always
    the one that forgives a client less.
    """

    notifications: bool = True  # the triggers that every account begins with: mails to requesters, CCs and agents
    triggers: bool = True  # the account's own triggers
    automations: bool = True  # solved tickets are closed after a while, imported ones too
    verification_mails: bool = True  # a new e-mail address gets a mail unless `skip_verify_email` says no
    bulk_user_imports: bool = True  # verified: off, `create_many` of users is 403 until Zendesk's support enables it
    job_start: float = 1.0
    job_row: float = 0.02
    job_limit: int = 30  # verified
    job_life: float = 3600.0  # how long a finished job can be asked for
    upload_life: float = 3600.0  # verified
    dead_uploads_refused: bool = True  # a spent or expired token is an error; else the file is missing in silence
    max_upload: int = 50 * 1024 * 1024
    blocked_extensions: tuple[str, ...] = ()  # verified: administrators may restrict types of files
    lookup_lag: float = 60.0  # of `GET /tickets?external_id=`
    max_comments: int = 5000  # verified
    max_body: int = 65_535  # verified as "about 64 KiB"; bytes of UTF-8 are the stricter reading
    required_on_import: bool = True  # required fields of solved and closed tickets are asked for at import too
    assignee_on_import: bool = False  # and an assignee
    blank_comments_refused: bool = True  # a comment of nothing but files is refused
    agent_seats: int | None = None
    guide_locales: tuple[str, ...] = ("en-us", "es", "de", "ja", "ar")
