"""The whole journey between two simulated desks: pull, check, plan, migrate, verify, prove, and one edit that moves."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from deskferry.canonical_schema import split_id, sql_table
from deskferry.config import load_config
from deskferry.connectors.kit.clock import Clock
from deskferry.errors import ConfigError
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.migrate import MigrateOptions, MigrationResult, migrate, plan
from deskferry.migrate.progress import Progress
from deskferry.migrate.pull import PullOptions, PullResult
from deskferry.migrate.scope import Scope
from deskferry.report.audit.facts import facts_of
from deskferry.report.audit.write import write_audit
from deskferry.report.crossing_summary import KindLine, Summary, crossing_summary
from deskferry.simulators.account import generate
from deskferry.simulators.freshdesk import FreshdeskDesk, staff, teams
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.server import RunningServer, serve
from deskferry.simulators.zendesk import ZendeskDesk
from deskferry.store import machinery
from deskferry.validate import Severity, validate
from deskferry.validate.validation import known_rules, missing_extra
from deskferry.workbench import Workbench

SEED = 7
OURS = (
    "deskferry.toml", "old.token", "new.key", "demo.db", "demo.db-wal", "demo.db-shm", "demo.db.files",
    "demo.db.analysis", "report.md", "audit.html",
)  # fmt: skip

CONFIGURATION = """\
# Written by `deskferry demo`: two simulated desks that live as long as the demo runs.
[store]
url = "sqlite:///demo.db"

[connections.old]
vendor = "zendesk"
base_url = "{old}"
subdomain = "{subdomain}"
oauth_token = "file:old.token"

[connections.new]
vendor = "freshdesk"
base_url = "{new}"
domain = "{domain}"
api_key = "file:new.key"
"""

SUMMARISED = ("organization", "person", "ticket", "message")
"""Kinds that are written by themselves; files cross with their messages."""

Say = Callable[[str], Any]


@dataclass
class Desks:
    """Both simulated desks, running."""

    old: ZendeskDesk
    new: FreshdeskDesk
    old_server: RunningServer
    new_server: RunningServer
    clock: Clock


@contextmanager
def desks(tickets: int) -> Iterator[Desks]:
    """Start a Zendesk of so many tickets, and a Freshdesk that an administrator has set up and that is empty.

    Its notifications and automations are switched off, as `plan` advises before a migration.
    """
    account = generate(SEED, tickets)
    clock = SimClock(float(account.now))
    old = ZendeskDesk(account, clock)
    new = FreshdeskDesk(
        clock, plan="enterprise", agents=staff(account), groups=teams(account),
        notifications=False, automations=False, surveys=False,
    )  # fmt: skip
    with serve(old) as old_server, serve(new) as new_server:
        yield Desks(old, new, old_server, new_server, clock)


def demo(directory: Path, tickets: int, progress: Progress, say: Say) -> int:
    """Run the journey in a directory; returns 0 when everything held."""
    _clear(directory)
    with desks(tickets) as running:
        _configure(directory, running)
        with Workbench(load_config(directory / "deskferry.toml"), clock=running.clock, progress=progress) as bench:
            return _Journey(bench, running, directory, say).run()


def _clear(directory: Path) -> None:
    """Remove what an earlier demo left; raises ConfigError when the directory holds something else."""
    directory.mkdir(parents=True, exist_ok=True)
    strange = [path.name for path in directory.iterdir() if path.name not in OURS]
    if strange:
        raise ConfigError(f"{directory} holds other things: {', '.join(sorted(strange)[:3])}.", "Name a new directory.")
    for path in directory.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _configure(directory: Path, running: Desks) -> None:
    for name, secret in (
        ("old.token", running.old.credentials()["oauth_token"]), ("new.key", running.new.credentials()["api_key"]),
    ):  # fmt: skip
        path = directory / name
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")
    text = CONFIGURATION.format(
        old=running.old_server.base_url, subdomain=running.old.credentials()["subdomain"],
        new=running.new_server.base_url, domain=running.new.credentials()["domain"],
    )  # fmt: skip
    (directory / "deskferry.toml").write_text(text, encoding="utf-8")


@dataclass
class _Journey:
    bench: Workbench
    desks: Desks
    directory: Path
    say: Say
    held: list[bool] = field(default_factory=list)

    def run(self) -> int:
        """Walk it; returns 0 when every step held."""
        declared = self._declared()
        pulled = self._pull(["old", "new"])["old"]
        self._check()
        accept = self._plan()
        result = self._migrate(accept, prove=True)
        summary = self._summarise(declared, pulled, result)
        self._edit(accept, summary)
        report = self.directory / "report.md"
        report.write_text(crossing_summary(summary), encoding="utf-8")
        self.say("\nWhat was made:")
        for name in ("report.md", "audit.html", "deskferry.toml", "demo.db", "demo.db.files"):
            self.say(f"  {self.directory / name}")
        return 0 if all(self.held) else 1

    def _hold(self, held: bool, sentence: str) -> None:
        self.held.append(held)
        self.say(f"  {'ok ' if held else 'NOT'} {sentence}")

    # ---------------------------------------------------------------------------------------------------------- steps

    def _declared(self) -> Counter[str]:
        """Ask the source what it says it has, by canonical kind."""
        self.say("1. What the Zendesk declares (it counts neither archived nor deleted records)")
        source = self.bench.connection("old").source
        kinds = {stream.name: stream.kinds[0] for stream in source.streams() if stream.kinds}
        declared: Counter[str] = Counter()
        for line in source.estimate():
            if line.rows is not None and line.stream in kinds:
                declared[kinds[line.stream]] += line.rows
        for kind, count in sorted(declared.items()):
            self.say(f"  {kind}: {count}")
        return declared

    def _pull(self, names: list[str]) -> Mapping[str, PullResult]:
        self.say("\n2. Pull both desks into the store")
        results = self.bench.pull(names, PullOptions())
        for name, result in results.items():
            rows = sum(counts["inserted"] for counts in result.tally["kinds"].values())
            self.say(f"  {name}: {rows} rows in {result.calls} calls, {result.files['done']} files")
        self._hold(not results["old"].open_rejects, "no record was rejected")
        return results

    def _check(self) -> None:
        self.say("\n3. Validate: schema, references, what the vendor declares against what arrived")
        with self.bench.run("validate", "old") as record:
            found = validate(self.bench.store, ["old"], record.id)
        for (rule, severity), count in sorted(found.items()):
            self.say(f"  {severity} {rule}: {count}")
        self._hold(not any(severity is Severity.ERROR for _rule, severity in found), "no error")
        facts = facts_of(
            self.bench.store, record.id, ["old"], self.bench.now(), without_extra=missing_extra() is not None
        )
        write_audit(facts, known_rules(), self.directory / "audit.html", "en")

    def _plan(self) -> frozenset[str]:
        self.say("\n4. Plan")
        made = plan(self.bench.migration("old", "new", None, Scope()))
        for kind, counts in sorted(made.counts.items()):
            self.say(f"  {kind}: " + ", ".join(f"{count} to {what}" for what, count in sorted(counts.items())))
        for (kind, why), count in sorted(made.left_out.items()):
            self.say(f"  left out: {count} {kind} ({why})")
        lost = ", ".join(f"{cause} {line.count}" for cause, line in sorted(made.losses.items()))
        self.say(f"  losses declared: {lost}")
        hours = 0.0 if made.minutes is None else made.minutes / 60
        self.say(f"  {sum(made.calls.values())} calls, {hours:.1f} hours at this share of the limit")
        self.say(f"  effects to say yes to: {', '.join(effect.name for effect, _count in made.effects)}")
        self._hold(not made.open_questions, "no open question")
        return frozenset(effect.name for effect, _count in made.effects)

    def _migrate(self, accept: frozenset[str], *, prove: bool) -> MigrationResult:
        self.say("\n5. Migrate, verify by two ways, prove by a second pass")
        job = self.bench.migration("old", "new", None, Scope())
        result = migrate(job, MigrateOptions(load=LoadOptions(accept, threads=4), prove=prove))
        assert result.load is not None
        assert result.verify is not None
        assert result.proof is not None
        self._hold(result.load.clean, f"{result.load.sent} operations took effect, no loss that was not declared")
        self._hold(not result.verify.differences, "read back: equal but for the declared losses")
        for one in result.verify.differences[:10]:
            self.say(f"      {one.record_id}: {one.sentence()}")
        self._hold(result.proof.holds, "a second pass has nothing to write")
        self._hold(not self.desks.new.mailbox, f"mails that customers would have got: {len(self.desks.new.mailbox)}")
        return result

    def _edit(self, accept: frozenset[str], summary: Summary) -> None:
        self.say("\n6. Somebody answers one ticket at the source; pull and migrate again")
        ticket = self._an_open_ticket()
        self.desks.old.patch({"op": "add_comment", "ticket": ticket, "body": "One more thing.", "public": True})
        self.desks.clock.sleep(120.0)
        before = self._crossed()
        pulled = self.bench.pull(["old"], PullOptions())["old"]
        changed = {kind: c for kind, c in pulled.tally["kinds"].items() if c["inserted"] or c["updated"]}
        self.say("  changed here: " + ", ".join(f"{k} +{c['inserted']} ~{c['updated']}" for k, c in changed.items()))
        job = self.bench.migration("old", "new", None, Scope())
        result = migrate(job, MigrateOptions(load=LoadOptions(accept, threads=4), prove=True))
        assert result.load is not None
        moved = self._crossed() - before
        tickets = {record for record, _part in moved} | {one.record_id for one in result.load.problems}
        self._hold(
            tickets == {f"old:ticket:{ticket}"}, f"exactly ticket {ticket} moved ({result.load.sent} operations)"
        )
        self._hold(result.exit_code == 0, "verified and proven again")
        summary.edit = (f"old:ticket:{ticket}", result.load.sent, result.exit_code == 0)

    def _an_open_ticket(self) -> int:
        """Return the newest ticket that crossed and is still open at the source."""
        ticket, crossing = sql_table("ticket"), machinery.crossing
        with self.bench.store.read() as database:
            found = database.execute(
                select(ticket.c.source_id)
                .join(crossing, (crossing.c.record_id == ticket.c.id) & (crossing.c.part == ""))
                .where(ticket.c.connection == "old", ticket.c.status.in_(("open", "pending", "new")))
                .order_by(ticket.c.created_at.desc())
                .limit(1)
            ).scalar_one()
        return int(found)

    def _crossed(self) -> set[tuple[str, str]]:
        """Return (record, part, with its draft) of everything that was written."""
        table = machinery.crossing
        with self.bench.store.read() as database:
            rows = database.execute(select(table.c.record_id, table.c.part, table.c.request_hash))
            return {(row.record_id, f"{row.part} {row.request_hash}") for row in rows}

    # -------------------------------------------------------------------------------------------------------- summary

    def _rejected(self, database: Any) -> Counter[str]:
        """Count what could not be mapped, by the kind that it would have become."""
        maps = self.bench.connector("old").maps
        table = machinery.reject
        ids = database.execute(select(table.c.id).where(table.c.connection == "old")).scalars()
        objects = (split_id(one).object for one in ids)
        return Counter(maps[one].tables[0].kind for one in objects if one in maps and maps[one].tables)

    def _summarise(self, declared: Counter[str], pulled: PullResult, result: MigrationResult) -> Summary:
        assert result.load is not None
        assert result.verify is not None
        lines = []
        with self.bench.store.read() as database:
            table = machinery.declared_count
            messages = database.execute(
                select(func.sum(table.c.declared)).where(table.c.connection == "old", table.c.measure == "messages")
            ).scalar()
            rejected = self._rejected(database)
        declared["message"] = int(messages or 0)
        written = result.verify.written
        for kind in SUMMARISED:
            counts = pulled.tally["kinds"].get(kind, {})
            lines.append(
                KindLine(
                    kind=kind,
                    declared=declared.get(kind),
                    read=sum(counts.values()),
                    mapped=counts.get("inserted", 0),
                    rejected=rejected[kind],
                    written=written[kind],
                    verified=result.verify.verified[kind],
                )
            )
        summary = Summary(
            "old", "new", lines, dict(result.load.losses), len(result.verify.differences),
            {"old": pulled.calls, "new": len(self.desks.new_server.log)}, len(self.desks.new.mailbox),
        )  # fmt: skip
        self.say("")
        for line in summary.table():
            self.say(f"  {line}")
        self.say("  lost by cause: " + ", ".join(f"{c} {n}" for c, n in sorted(summary.losses.items())))
        self.say(f"  calls used: {summary.calls['old']} of the Zendesk, {summary.calls['new']} of the Freshdesk")
        return summary
