"""Commands that read a vendor or the raw archive: check, login, pull, normalize, explain."""

from __future__ import annotations

from typing import Any

import click

from deskferry.canonical_schema import KINDS
from deskferry.cli.app import App, cli
from deskferry.cli.render import show_json, show_table
from deskferry.config import load_config
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.mapping import Unreadable
from deskferry.connectors.kit.oauth_login import login as oauth_login
from deskferry.errors import CapabilityError, ConfigError
from deskferry.migrate.normalize import explain_record
from deskferry.migrate.pull import PullOptions, PullResult

_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


def kinds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return the kinds of `--only ticket,person`."""
    if not value:
        return ()
    named = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = [kind for kind in named if kind not in {one.value for one in KINDS}]
    if unknown:
        raise click.BadParameter(f"no such kind: {', '.join(unknown)}")
    return named


def moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return a time of the command line as canonical text."""
    try:
        return time_text(value)
    except Unreadable as bad:
        raise click.BadParameter(f"{bad.detail}; write 2026-01-31 or 2026-01-31T10:00:00Z") from None


@cli.command()
@click.argument("connection")
@_FORMAT
@click.pass_obj
def check(app: App, connection: str, form: str) -> int:
    """Credentials, role and scopes (and what they hide), account, limits, and what a full pull would cost."""
    one = app.bench.connection(connection)
    account = one.meet(app.bench.store)
    estimate = one.source.estimate()
    if form == "json":
        show_json({
            "connection": connection, "vendor": one.connector.name, "account_id": account.id, "account": account.name,
            "user": account.user, "role": account.role, "scopes": list(account.scopes), "plan": account.plan,
            "limits": dict(account.limits), "hides": list(account.hides),
            "estimate": [{"stream": e.stream, "rows": e.rows, "calls": e.calls, "note": e.note} for e in estimate],
        })  # fmt: skip
    else:
        lines = [
            ("vendor", one.connector.title), ("account", f"{account.name or ''} ({account.id})"),
            ("user", account.user),
            ("role", account.role), ("scopes", ", ".join(account.scopes)), ("plan", account.plan),
            *((f"limit {name}", f"{limit:g} a minute") for name, limit in account.limits.items()),
            *(("hidden", sentence) for sentence in account.hides),
        ]  # fmt: skip
        show_table(("", ""), [line for line in lines if line[1]])
        click.echo()
        show_table(("stream", "rows", "calls", ""), [(e.stream, e.rows, e.calls, e.note) for e in estimate])
        click.echo(f"A full pull takes at least {sum(e.calls or 0 for e in estimate)} calls, and one a file.")
    return 1 if account.hides else 0


@cli.command()
@click.argument("connection")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
@click.option("--paste", is_flag=True, help="Paste the code (or the address it came with) instead of listening.")
@click.pass_obj
def login(app: App, connection: str, no_browser: bool, paste: bool) -> None:
    """Get OAuth tokens in the browser, and keep them in a file that only you can read, or in the keyring."""
    config = load_config(app.options["config"]).connection(connection)
    vendor = app.bench.connector(connection)
    if vendor.login is None:
        raise CapabilityError(
            f"{vendor.title} has no browser login.", "Put its credentials into the configuration (`deskferry init`)."
        )
    place = oauth_login(vendor.login, config, app.bench.clock, browser=not no_browser, paste=paste, say=click.echo)
    click.echo(f"{connection}: tokens are kept in {place}.")


@cli.command()
@click.argument("connections", nargs=-1, required=True, metavar="CONNECTION...")
@click.option("--only", callback=kinds, metavar="KIND,...", help="Only streams that feed these kinds.")
@click.option("--since", callback=moment, metavar="TIME", help="Only what was updated since.")
@click.option("--full", is_flag=True, help="Read everything again, whatever the cursors say.")
@click.option("--no-attachments", is_flag=True, help="Leave files for a later pull.")
@click.option("--partial", is_flag=True, help="What the role hides is no finding.")
@_FORMAT
@click.pass_obj
def pull(app: App, /, connections: tuple[str, ...], form: str, **options: Any) -> int:
    """Bring a vendor's data into the store; the first time all of it, later what changed."""
    if len(set(connections)) != len(connections):
        raise ConfigError("A connection is named twice.", "Name each once.")
    most, share = app.max_errors()
    wanted = PullOptions(
        only=options["only"], since=options["since"], full=options["full"],
        attachments=not options["no_attachments"], max_errors=most, max_error_share=share, partial=options["partial"],
    )  # fmt: skip
    results = app.bench.pull(connections, wanted)
    if form == "json":
        show_json({name: _as_json(result) for name, result in results.items()})
    else:
        for name, result in results.items():
            _show(name, result)
    return max(result.exit_code(partial=wanted.partial) for result in results.values())


def _as_json(result: PullResult) -> dict[str, Any]:
    return {
        "run": result.run_id, **result.tally, "calls": result.calls, "files": result.files, "notes": result.notes,
        "refused": result.refused, "hidden": list(result.hides), "open_rejects": result.open_rejects,
        "shortfalls": [
            {"parent_id": s.parent_id, "measure": s.measure, "class": s.trust, "declared": s.declared,
             "fetched": s.fetched, "acknowledged": s.acknowledged}
            for s in result.shortfalls
        ],
        "fields": {
            name: [{"path": path, "is": what, "why": why, "count": count} for path, what, why, count in lines]
            for name, lines in result.coverage.items()
        },
    }  # fmt: skip


def _show(name: str, result: PullResult) -> None:
    show_table(
        (name, "new", "changed", "unchanged"),
        [(kind, c["inserted"], c["updated"], c["unchanged"]) for kind, c in result.tally["kinds"].items()],
    )
    read = sum(sum(one.values()) for one in result.tally["raw"].values())
    click.echo(f"{read} records read in {result.calls} calls; files: {_words(result.files)}.")
    deleted = result.tally["deleted"]
    if deleted:
        click.echo(f"Gone: {_words(deleted)}.")
    for sentence in (*result.notes, *result.hides, *result.refused.values()):
        click.echo(f"Note: {sentence}")
    unknown = [
        f"{object_name}.{path}" for object_name, lines in result.coverage.items()
        for path, what, _why, _count in lines if what == "unknown"
    ]  # fmt: skip
    if unknown:
        click.echo(f"Fields that no mapping knows yet, kept in extra: {', '.join(unknown)}.")
    if result.open_rejects:
        click.echo(f"{result.open_rejects} records could not be mapped; they are kept: `deskferry validate {name}`.")
    for short in result.shortfalls[:20]:
        click.echo(
            f"Short: {short.parent_id}: {short.declared} {short.measure.replace('_', ' ')} declared ({short.trust}), "
            f"{short.fetched} arrived."
        )
    if len(result.shortfalls) > 20:
        click.echo(f"... and {len(result.shortfalls) - 20} more: `deskferry validate {name}`.")


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "none"


@cli.command()
@click.argument("connection")
@_FORMAT
@click.pass_obj
def normalize(app: App, connection: str, form: str) -> int:
    """Map everything anew from the raw archive: a better mapping needs no new download."""
    result = app.bench.normalize(connection)
    if form == "json":
        show_json({"raw": result.raw, "rows": result.rows, "rejected": result.rejected})
    else:
        show_table((connection, "rows"), sorted(result.rows.items()))
        click.echo(f"{result.raw} raw records, {sum(result.rejected.values())} rejected.")
    return 1 if result.rejected else 0


@cli.command()
@click.argument("connection")
@click.argument("kind", type=click.Choice([kind.value for kind in KINDS]), metavar="KIND")
@click.argument("source_id")
@_FORMAT
@click.pass_obj
def explain(app: App, connection: str, kind: str, source_id: str, form: str) -> None:
    """Where each canonical field of one record comes from: source path, raw value, converter, result."""
    found = explain_record(app.bench.store, connection, app.bench.connector(connection), kind, source_id)
    if form == "json":
        show_json(found)
        return
    click.echo(f"{found['id']}, from {found['raw_record_id']} (stream {found['stream']})")
    lines = [
        (one["field"], one["path"], _short(one["raw"]), one["converter"], _short(one["result"]))
        for one in found["fields"]
    ]
    lines += [(name, "", "", "settled in the store", _short(value)) for name, value in found["settled"].items()]
    show_table(("field", "path", "raw", "converter", "result"), lines)


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
