"""M21-M24, M30: what customers and agents say in surveys.

The scale of an answer goes from the worst score to the best (`scale_min`, `scale_max`): that is also its polarity. An
answer without a scale is never given one, and no scale is turned into another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.aggregation import Mean, NetShare, Rate
from deskferry.metrics.anonymity import anonymous
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.options import COHORT, EVENT, Choice, Number, Texts
from deskferry.metrics.scorings import Scorings, scored

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line


def _csat(ask: Ask) -> ir.Table:
    answers = ask.fact("survey_answer")
    answers = answers.filter(answers.kind == "csat", answers.is_answered)
    # Scales are never mixed: an answer without a scale and without a verdict is eligible, and missing.
    first = ask.options["revision"] == "first"
    value = (answers.first_positive if first else answers.is_positive).cast("float64")
    return answers.mutate(value=value, at=_at(ask, answers))


def _at(ask: Ask, answers: ir.Table) -> Any:
    return answers["at"] if ask.anchor == EVENT else answers.sent_at.coalesce(answers["at"])


_ANCHORS = {EVENT: "answered_at", COHORT: "sent_at"}

CSAT = Metric(
    "M21",
    version=1,
    population="answers to satisfaction surveys, the last revision of each; what was sent and not answered is none;"
    " also of deleted tickets and spam, not of excluded brands",
    facts=("survey_answer",),
    rows=_csat,
    needs=(
        Need(
            "survey_response",
            lambda answer: (answer.kind == "csat") & (answer.score.notnull() | answer.label.notnull()),
        ),
    ),
    anchors=_ANCHORS,
    aggregation=Rate(),
    options={"revision": Choice(("last", "first"), "Which answer counts of those that a customer changed")},
)


def _is_nps(answer: ir.Table) -> ir.BooleanValue:
    return (answer.kind == "nps") & _on_ten(answer)


def _on_ten(answer: ir.Table) -> ir.BooleanValue:
    return (answer.scale_min == 0) & (answer.scale_max == 10) & answer.score.notnull()


def _net(answers: ir.Table) -> Any:
    """Return 1 for promoters, -1 for detractors, 0 between; NULL off the scale."""
    score = answers.score
    return ibis.cases(
        (score.between(9, 10), 1), ((score >= 7) & (score < 9), 0), ((score >= 0) & (score < 7), -1),
        else_=ibis.null("int64"),
    )  # fmt: skip


def _nps(ask: Ask) -> ir.Table:
    answers = ask.fact("survey_answer")
    answers = answers.filter(answers.kind == "nps", answers.score.notnull())
    ours = answers.filter(_is_nps(answers))
    _note_left_out(ask, answers, ours, "on a scale other than 0-10: they are no NPS")
    which = _which(ask, ours)
    ours = ours.filter(ours.ticket_id.isnull() if which == "relationship" else ours.ticket_id.notnull())
    ours = _last_of_wave(ask, ours)
    return ours.mutate(value=_net(ours), at=_at(ask, ours))


def _note_left_out(ask: Ask, answers: ir.Table, ours: ir.Table, why: str) -> None:
    left = int(answers.count().to_pyarrow().as_py() - ours.count().to_pyarrow().as_py())
    if left:
        ask.notes.append(f"{left} answers were left out, {why}.")


def _which(ask: Ask, answers: ir.Table) -> str:
    """Return the kind of survey that is told: the two are never put together."""
    with_ticket, without = (
        int(answers.filter(told).count().to_pyarrow().as_py())
        for told in (answers.ticket_id.notnull(), answers.ticket_id.isnull())
    )
    chosen = ask.options["surveys"]
    if chosen == "auto":
        chosen = "relationship" if without or not with_ticket else "transactional"
    left = with_ticket if chosen == "relationship" else without
    other = f"; {left} answers to the other kind are not in it" if left else ""
    ask.notes.append(f"Answers to {chosen} surveys{other}.")
    return str(chosen)


def _last_of_wave(ask: Ask, answers: ir.Table) -> ir.Table:
    """Return one answer a respondent and wave. The wave of a survey about a ticket is the ticket."""
    sent = ask.desk.local(answers.sent_at.coalesce(answers["at"])).truncate(_WAVES[ask.options["wave"]])
    wave = answers.ticket_id.isnull().ifelse(sent, None)
    answers = answers.mutate(wave=wave, who=answers.person_id, what=answers.question.fill_null(""))
    order = ibis.window(
        group_by=("connection", "who", "what", "ticket_id", "wave"),
        order_by=[ibis.desc(answers["at"]), ibis.desc(answers.survey_id)],
    )
    ranked = answers.mutate(place=ibis.row_number().over(order))
    # Who gave no name is somebody else each time.
    return ranked.filter((ranked.place == 0) | ranked.who.isnull()).drop("wave", "who", "what", "place")


_WAVES = {"month": "M", "quarter": "Q", "day": "D"}

NPS = Metric(
    "M22",
    version=1,
    population="answers on the scale 0-10 to surveys of one kind (about a ticket, or about the company), the last of a"
    " respondent in a wave; also of deleted tickets and spam, not of excluded brands",
    facts=("survey_answer",),
    rows=_nps,
    needs=(Need("survey_response", _is_nps),),
    anchors=_ANCHORS,
    aggregation=NetShare(),
    options={
        "surveys": Choice(("auto", "relationship", "transactional"), "Surveys about the company, or about a ticket;"
                          " auto: about the company where there are any"),
        "wave": Choice(tuple(_WAVES), "Surveys about the company sent in the same local one are a wave"),
    },
)  # fmt: skip


def _ces(ask: Ask) -> ir.Table:
    """Return the answers on one scale, 5-1 (low was good) turned round, so that more is less effort."""
    answers = ask.fact("survey_answer")
    answers = answers.filter(answers.kind == "ces", answers.is_answered)
    scale = answers.scale_min.cast("string").concat("/", answers.scale_max.cast("string"))
    answers = answers.mutate(scale=(answers.scale_min != answers.scale_max).ifelse(scale, None))
    known = answers.filter(answers.scale.notnull(), answers.score.notnull())
    chosen = _scale(ask, known)
    if chosen is None:
        return _ces_scored(ask, answers)
    _note_left_out(ask, known, known.filter(known.scale == chosen), "on another scale")
    return _ces_scored(ask, answers.filter(answers.scale.isnull() | answers.score.isnull() | (answers.scale == chosen)))


def _scale(ask: Ask, answers: ir.Table) -> str | None:
    found = answers.group_by("scale").aggregate(
        n=ibis._.count(), worst=answers.scale_min.min(), best=answers.scale_max.min()
    )
    scales = {f"{one['worst']:g}-{one['best']:g}": one for one in found.to_pyarrow().to_pylist()}
    wanted = ask.options["scale"]
    most = sorted(scales, key=lambda name: (-scales[name]["n"], name))
    named = [name for name in most if not wanted or name in wanted]
    if not named:
        return ", ".join(wanted) or None
    ask.notes.append(f"Answers on the scale {named[0]} (worst to best).")
    return str(scales[named[0]]["scale"])


def _ces_scored(ask: Ask, answers: ir.Table) -> ir.Table:
    low, high = ibis.least(answers.scale_min, answers.scale_max), ibis.greatest(answers.scale_min, answers.scale_max)
    ease = (answers.scale_min > answers.scale_max).ifelse(low + high - answers.score, answers.score)
    answers = answers.mutate(ease=answers.scale.notnull().ifelse(ease, None))
    of_seven = (answers.scale_min == 1) & (answers.scale_max == 7)
    ease = of_seven.ifelse(answers.ease, None)
    index = ibis.cases((ease >= 6, 1), (ease <= 3, -1), (ease.notnull(), 0), else_=ibis.null("int64"))
    answers = answers.mutate(mean=answers.ease, index=index, agree=(ease >= 5))
    rows = scored(answers, ask.options["scoring"], {name: answers[name] for name in ("mean", "index", "agree")})
    return rows.mutate(at=_at(ask, rows))


def _all_scorings(_ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines, and beside them all three published scorings over everything."""
    found = rows.aggregate(mean=rows["mean"].mean(), index=100 * rows["index"].mean(),
                           agree=100 * rows["agree"].cast("float64").mean()).to_pyarrow().to_pylist()[0]  # fmt: skip
    return Finished(lines, (), {"scorings": found})


CES = Metric(
    "M23",
    version=1,
    population="answers to surveys of effort on one scale, worst to best; the index (6-7 less 1-3) and the share that"
    " agrees (5-7) are of the scale 1-7 only; also of deleted tickets and spam, not of excluded brands",
    facts=("survey_answer",),
    rows=_ces,
    needs=(
        Need(
            "survey_response",
            lambda answer: (answer.kind == "ces") & answer.score.notnull() & (answer.scale_min != answer.scale_max),
        ),
    ),
    anchors=_ANCHORS,
    aggregation=Scorings({"mean": Mean("points"), "index": NetShare(), "agree": Rate()}),
    options={
        "scoring": Choice(("mean", "index", "agree"), "Mean; share of 6-7 less share of 1-3; share of 5-7"),
        "scale": Texts("The scale that is told, as 1-7, or 5-1 where low is good; none: that of the most answers"),
    },
    finish=_all_scorings,
)


def _responses(ask: Ask) -> ir.Table:
    """Return the surveys that were sent; several questions to one person at one moment about one ticket are one."""
    sent = _sent(ask)
    young = zones.moment(ask.as_of - timedelta(days=ask.options["maturity_days"]))
    mature = sent.filter(sent["at"] <= young)
    waiting = int(sent.count().to_pyarrow().as_py() - mature.count().to_pyarrow().as_py())
    ask.notes.append(
        f"Surveys sent less than {ask.options['maturity_days']:g} days ago are left out: {waiting}."
        " Bounces are not known: surveys sent, not delivered."
    )
    return mature


def _sent(ask: Ask) -> ir.Table:
    put = ask.fact("survey_answer")
    put = put.filter(put.sent_at.notnull(), put.kind.notnull())
    if ask.options["kind"] != "all":
        put = put.filter(put.kind == ask.options["kind"])
    nobody = put.ticket_id.isnull() & put.person_id.isnull()
    put = put.mutate(apart=nobody.ifelse(put.survey_id, None))
    found = put.group_by("connection", "kind", "ticket_id", "person_id", "sent_at", "apart").aggregate(
        agent=put.agent.max(), value=put.is_answered.cast("float64").max()
    )
    return found.rename(at="sent_at").drop("apart")


def _coverage(ask: Ask, _rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines, and beside them how many surveys were sent for each solved ticket of the same range."""
    sent = _sent(ask)
    sent = sent.filter(sent.ticket_id.notnull())
    solved = ask.tickets("resolution.last_solved_at")
    solved = solved.filter(solved.is_final)
    solved = solved.mutate(at=solved.last_solved_at.coalesce(solved.created_at))
    question = ask.desk.question
    for day, keeps in ((question.start, "from"), (question.end, "until")):
        if day:
            moment = zones.moment(zones.instant(day, question.zone))
            sent, solved = (
                rows.filter(rows["at"] >= moment if keeps == "from" else rows["at"] < moment) for rows in (sent, solved)
            )
    n_sent, n_solved = (int(rows.count().to_pyarrow().as_py()) for rows in (sent, solved))
    share = n_sent / n_solved if n_solved else None
    return Finished(lines, (), {"coverage": {"sent": n_sent, "solved_tickets": n_solved, "value": share}})


RESPONSE_RATE = Metric(
    "M24",
    version=1,
    population="surveys sent, by their sending, once an answer has had its time; answers count whenever they came, and"
    " ratings that nobody asked for are none; also of deleted tickets and spam, not of excluded brands",
    facts=("survey_answer", "resolution"),
    rows=_responses,
    needs=(Need("survey_response", lambda answer: answer.sent_at.notnull()),),
    anchors={COHORT: "sent_at"},
    aggregation=Rate(),
    options={
        "kind": Choice(("all", "csat", "nps", "ces", "agent", "other"), "Which surveys"),
        "maturity_days": Number(14, "Surveys sent less than so many days before are left out"),
    },
    finish=_coverage,
)


def _agents(ask: Ask) -> ir.Table:
    """Return the answers of agents on the scale of the scoring; one without a scale is missing."""
    answers = ask.fact("survey_answer")
    answers = answers.filter(answers.kind == "agent", answers.score.notnull())
    of_five = (answers.scale_min == 1) & (answers.scale_max == 5)
    scales = {"favourable": of_five, "enps": _on_ten(answers)}
    ours = scales[ask.options["scoring"]].fill_null(False)
    unknown = answers.scale_min.isnull() | answers.scale_max.isnull()
    kept = answers.filter(ours | unknown)
    _note_left_out(ask, answers, kept, "on a scale of another question")
    values = {
        "favourable": kept.score >= 4,
        "enps": _net(kept),
    }
    values = {name: (kept.scale_max.notnull() & kept.scale_min.notnull()).ifelse(value.cast("float64"), None)
              for name, value in values.items()}  # fmt: skip
    rows = scored(kept, ask.options["scoring"], values)
    return rows.mutate(at=_at(ask, rows))


AGENT_SATISFACTION = Metric(
    "M30",
    version=1,
    population="answers of agents to surveys among them, on the scale of the scoring",
    facts=("survey_answer",),
    rows=_agents,
    needs=(Need("survey_response", lambda answer: (answer.kind == "agent") & answer.score.notnull()),),
    anchors=_ANCHORS,
    aggregation=Scorings({"favourable": Rate(), "enps": NetShare()}),
    options={"scoring": Choice(("favourable", "enps"), "Share of 4-5 of 1-5, or promoters less detractors of 0-10")},
    finish=anonymous,
)

METRICS: tuple[Metric, ...] = (CSAT, NPS, CES, RESPONSE_RATE, AGENT_SATISFACTION)
