"""Commands that write into a desk, and those that look at what was or would be written: plan, migrate, verify."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from deskferry.cli.app import App, cli
from deskferry.cli.reading import moment
from deskferry.cli.render import show_json, show_table
from deskferry.migrate.delta import Policy
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.migrate import MigrateOptions, MigrationResult
from deskferry.migrate.migrate import migrate as run_migration
from deskferry.migrate.migrate import plan as make_plan
from deskferry.migrate.migrate import verify as run_verify
from deskferry.migrate.plan import Plan
from deskferry.migrate.scope import KINDS, Scope
from deskferry.migrate.verify import Depth, Subset, VerifyResult, parse_subset
from deskferry.migrate.write_mapping import write_mapping
from deskferry.rehearse import Rehearsal
from deskferry.rehearse import rehearse as run_rehearsal

_MAPPING = click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
_SHOWN = 20


def written_kinds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return the kinds of `--only ticket,person`; only those that a migration writes by themselves."""
    if not value:
        return ()
    named = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = [kind for kind in named if kind not in KINDS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is not migrated by itself; it takes {', '.join(KINDS)}")
    return named


def subset(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Subset | None:
    """Return the part of `--subset 2/7` or `--subset 10%`."""
    return None if value is None else parse_subset(value)


# ------------------------------------------------------------------------------------------------------------- plan


@cli.command()
@click.argument("source")
@click.argument("destination", metavar="DEST")
@_MAPPING
@click.option(
    "--write-mapping", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write a mapping file, filled in as far as can be guessed, with open questions as blanks.",
)  # fmt: skip
@_FORMAT
@click.pass_obj
def plan(app: App, source: str, destination: str, mapping: Path | None, target: Path | None, form: str) -> int:
    """What will be created, matched and lost; effects; calls, hours, gigabytes; open questions."""
    job = app.bench.migration(source, destination, mapping, Scope())
    made = make_plan(job)
    if target is not None:
        target.write_text(write_mapping(made), encoding="utf-8")
        click.echo(f"{target} is written.", err=True)
    if form == "json":
        show_json(made.as_json())
    else:
        _show_plan(made)
    return 2 if made.open_questions else 0


def _show_plan(made: Plan) -> None:
    columns = sorted({name for counts in made.counts.values() for name in counts})
    show_table(
        (f"{made.route.source} > {made.route.destination}", *columns),
        [(kind, *(counts.get(name, 0) for name in columns)) for kind, counts in sorted(made.counts.items())],
    )
    if made.left_out:
        click.echo("\nLeft out:")
        show_table(("kind", "why", "records"), [(kind, why, n) for (kind, why), n in sorted(made.left_out.items())])
    if made.losses:
        click.echo("\nLosses, a row each when they are met:")
        ranked = sorted(made.losses.items(), key=lambda item: -item[1].count)
        show_table(("cause", "count", "for example"), [(c, line.count, _example(line.examples)) for c, line in ranked])
    if made.effects:
        click.echo("\nEffects that the API cannot switch off (`--accept NAME` says yes to one):")
        for effect, count in made.effects:
            click.echo(f"  {effect.name} ({count} operations): {effect.says}\n    {effect.avoid}")
    for title, lines in made.tables.items():
        if lines:
            click.echo(f"\n{title}:")
            _show_lines(lines)
    hours = "unknown" if made.minutes is None else f"{made.minutes / 60:.1f} hours ({made.limit} limit)"
    click.echo(f"\n{sum(made.calls.values())} calls, {hours}; {made.files} files, {made.file_bytes / 1e9:.2f} GB.")
    if made.policy is not Policy.FOLLOW:
        click.echo(f"Tickets that change later (delta = {made.policy}): {made.policy.says}")
    if made.in_doubt:
        click.echo(f"{made.in_doubt} operations of an earlier run are in doubt and are settled first.")
    if made.questions:
        click.echo("\nQuestions:")
        for question in made.questions:
            what = f"default: {question.default}" if question.default is not None else "OPEN: needs an answer"
            click.echo(f"  {question.subject}: {question.says} ({question.count} records; {what})")
            click.echo("    " + question.answer.replace("\n", "\n    "))


def _show_lines(lines: list[dict[str, Any]]) -> None:
    headings = [name for name in lines[0] if name not in {"values", "source_id"}]
    show_table(headings, [["-" if line.get(name) is None else line[name] for name in headings] for line in lines])


def _example(examples: list[tuple[str, str, str | None]]) -> str:
    record, name, value = examples[0]
    text = f"{record} {name}" + (f" = {value}" if value is not None else "")
    return text if len(text) <= 90 else text[:87] + "..."


# ---------------------------------------------------------------------------------------------------------- migrate


@cli.command()
@click.argument("source")
@click.argument("destination", metavar="DEST")
@_MAPPING
@click.option("--sample", type=click.IntRange(1), metavar="N", help="So many tickets, spread over the whole time.")
@click.option("--only", callback=written_kinds, metavar="KIND,...")
@click.option("--since", callback=moment, metavar="TIME", help="Only what was updated since.")
@click.option("--early", is_flag=True, help="Only tickets that are final: ahead of the cut-over.")
@click.option("--dry-run", is_flag=True, help="Do all but send.")
@click.option("--rehearse", is_flag=True, help="Send to the destination's simulator; the real one is not touched.")
@click.option("--canary", is_flag=True, help="A few tickets first; go on when they are verified and you agree.")
@click.option("--prove", is_flag=True, help="End with a second pass that must have nothing to write.")
@click.option("--accept", multiple=True, metavar="EFFECT", help="Say yes to an effect that `plan` names.")
@click.option("--yes", is_flag=True, help="Do not ask for the last confirmation.")
@_FORMAT
@click.pass_obj
def migrate(app: App, /, source: str, destination: str, mapping: Path | None, form: str, **options: Any) -> int:
    """Plan, load, verify. Run again, it moves only what changed."""
    scope = Scope(only=options["only"], since=options["since"], sample=options["sample"], early=options["early"])
    most, share = app.max_errors()
    wanted = MigrateOptions(
        load=LoadOptions(
            frozenset(options["accept"]), threads=app.config.connection(destination).threads,
            max_errors=most, max_error_share=share,
        ),
        dry_run=options["dry_run"], canary=options["canary"], prove=options["prove"],
        confirm=lambda made: options["yes"] or _confirm(made),
        confirm_canary=lambda found: options["yes"] or _confirm_canary(found),
    )  # fmt: skip
    if options["rehearse"]:
        return _rehearse(app, (source, destination), mapping, scope, wanted, form)
    result = run_migration(app.bench.migration(source, destination, mapping, scope), wanted)
    if form == "json":
        show_json(result.as_json())
    else:
        _show_result(result)
    return result.exit_code


def _rehearse(
    app: App, route: tuple[str, str], mapping: Path | None, scope: Scope, wanted: MigrateOptions, form: str
) -> int:
    found = run_rehearsal(app.bench, *route, mapping, scope, replace(wanted, canary=False, dry_run=False))
    if form == "json":
        show_json(found.as_json())
    else:
        _show_rehearsal(found)
    return found.exit_code


def _show_rehearsal(found: Rehearsal) -> None:
    _show_result(found.migration, found.run_id)
    if found.mails:
        click.echo("\nMails and rules that a real run would have caused, unless they are switched off there:")
        show_table(("kind", "count"), sorted(found.mails.items()))
    calls = ", ".join(f"{count} {method}" for method, count in sorted(found.calls.items()))
    click.echo(f"\n{calls}; {found.seconds / 3600:.1f} hours at the simulator's limits.")
    for kind, count in sorted(found.not_rehearsed.items()):
        click.echo(f"{count} records of {kind} crossed before; changes of them were not tried.")
    if found.not_pulled:
        click.echo(f"Never pulled, so that the simulator has none of them: {', '.join(found.not_pulled)}.")
    click.echo(f"Rehearsal {found.run_id}: nothing was sent to the real destination.")


def _confirm(made: Plan) -> bool:
    return click.confirm(f"{made.operations} operations will be sent to {made.route.destination}. Go on?", err=True)


def _confirm_canary(found: VerifyResult) -> bool:
    tickets = found.verified["ticket"]
    return click.confirm(f"{tickets} tickets crossed and are verified. Look at them there. Go on?", err=True)


def _show_result(result: MigrationResult, rehearsal: str | None = None) -> None:
    if result.dry_run is not None:
        click.echo(f"Dry run: {len(result.dry_run.would_send)} operations would be sent. Nothing was written.")
        return
    assert result.load is not None
    columns = sorted({name for counts in result.load.counts.values() for name in counts})
    counted = sorted(result.load.counts.items())
    show_table(("written", *columns), [(kind, *(found.get(name, 0) for name in columns)) for kind, found in counted])
    if result.load.losses:
        click.echo("\nLosses met, a row each in the table loss:")
        show_table(("cause", "count"), sorted(result.load.losses.items(), key=lambda item: -item[1]))
    for problem in result.load.problems[:_SHOWN]:
        click.echo(f"Problem: {problem.record_id}: {problem.code}: {problem.detail}")
    if result.canary is not None:
        show_verified(result.canary, "canary")
    if result.stopped_at_canary:
        click.echo("Stopped after the canary; run the same command without --canary to go on.")
    if result.verify is not None:
        show_verified(result.verify, "verified")
    if result.proof is not None:
        left = len(result.proof.would_send)
        verdict = "it has nothing to write" if result.proof.holds else f"it would still write {left} operations"
        click.echo(f"\nProof by a second pass: {verdict}.")
    if rehearsal is None:
        click.echo(f"Run {result.run_id}.")


# ----------------------------------------------------------------------------------------------------------- verify


@cli.command()
@click.argument("source")
@click.argument("destination", metavar="DEST")
@click.option("--depth", type=click.Choice([one.value for one in Depth]), default="fields", show_default=True)
@click.option("--subset", "part", callback=subset, metavar="N/T|P%", help="The N-th of T parts in turn, or a share.")
@_MAPPING
@_FORMAT
@click.pass_obj
def verify(
    app: App, source: str, destination: str, depth: str, part: Subset | None, mapping: Path | None, form: str
) -> int:
    """Read the destination back and compare it with the source, by its read mapping and by a witness."""
    job = app.bench.migration(source, destination, mapping, Scope())
    found = run_verify(job, Depth(depth), part)
    if form == "json":
        show_json(found.as_json())
    else:
        show_verified(found, "verified")
    return found.exit_code


def show_verified(found: VerifyResult, title: str) -> None:
    """Print what a verification found."""
    click.echo()
    kinds = [kind for kind in found.declared if found.written.get(kind) or found.checked.get(kind)]
    show_table(
        (title, "declared", "written", "checked", "equal"),
        [(k, found.declared[k], found.written[k], found.checked[k], found.verified[k]) for k in kinds],
    )
    for one in found.differences[:_SHOWN]:
        click.echo(
            f"Differs: {one.record_id}: {one.field}: expected {_short(one.expected)}, found {_short(one.found)} "
            f"(seen by {one.seen_by})"
        )
    if len(found.differences) > _SHOWN:
        click.echo(f"... and {len(found.differences) - _SHOWN} more (--format json has them all)")
    for lost in found.standing[:_SHOWN]:
        click.echo(f"Not updated, as declared: {lost.record_id}: {lost.field}: {_short(lost.value)}")


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(str(value))
    return text if len(text) <= 80 else text[:77] + "...'"
