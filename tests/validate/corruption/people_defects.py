"""Faults of people, organizations, set-up and knowledge."""

from __future__ import annotations

from tests.validate.corruption.damage import ANSWERED, CUSTOMER, Damage
from tests.validate.corruption.defect import Seen, defect, seen


@defect("person.agent_and_end_user")
def agent_and_end_user(desk: Damage) -> Seen:
    agent = desk.person(role="agent")
    customer = desk.person(email=desk.get("person", agent, "email"))
    return seen(agent, customer, instead=[agent, customer])


@defect("person.unknown_timezone")
def unknown_timezone(desk: Damage) -> Seen:
    return seen(desk.set("person", desk.take("person", CUSTOMER), timezone="Mars/Olympus Mons"))


@defect("person.no_way_to_reach")
def no_way_to_reach(desk: Damage) -> Seen:
    person = desk.take("person", CUSTOMER)
    return seen(desk.set("person", person, email=None, emails=None, phone=None, phones=None, identities=None))


@defect("person.merge_cycle")
def person_merge_cycle(desk: Damage) -> Seen:
    one, two = desk.person(is_active=False), desk.person(is_active=False)
    desk.set("person", one, merged_into_id=two)
    desk.set("person", two, merged_into_id=one)
    return seen(one, two)


@defect("person.duplicate_email")
def duplicate_email(desk: Damage) -> Seen:
    one = desk.person()
    return seen(one, desk.person(email=desk.get("person", one, "email")))


@defect("organization.without_people")
def without_people(desk: Damage) -> Seen:
    return seen(desk.insert("organization", name="Nobody Home Ltd"))


@defect("organization.domain_of_several")
def domain_of_several(desk: Damage) -> Seen:
    one = desk.organization("North Orchard", domains=["orchard.example.org"])
    two = desk.organization("South Orchard", domains=["orchard.example.org"])
    return seen(one, two, instead=[one, two])


@defect("organization.duplicate_name")
def duplicate_name(desk: Damage) -> Seen:
    one, two = desk.organization("Twin Oaks"), desk.organization("Twin Oaks")
    return seen(one, two)


def _off_the_list(desk: Damage, kind: str, good: str, bad: str) -> Seen:
    """Give two records a value of a field with options; one of them is no option."""
    options = [{"value": one, "label": one.title(), "active": True} for one in ("pear", "plum")]
    field = desk.insert("custom_field", kind=kind, key=f"{kind}_fruit", label="Fruit", type="select", options=options,
                        is_active=True, is_required=False)  # fmt: skip
    for record, value in ((good, "pear"), (bad, "potato")):
        desk.set(kind, record, custom_fields={f"{kind}_fruit": value})
    return seen(bad, instead=[field])


@defect("person.field_value_not_an_option")
def value_of_person(desk: Damage) -> Seen:
    return _off_the_list(desk, "person", desk.person(), desk.person())


@defect("organization.field_value_not_an_option")
def value_of_organization(desk: Damage) -> Seen:
    return _off_the_list(desk, "organization", desk.organization("Pear & Sons"), desk.organization("Potato & Sons"))


# -------------------------------------------------------------------------------------------------------------- set-up


@defect("team.without_members")
def team_without_members(desk: Damage) -> Seen:
    return seen(desk.insert("team", name="Ghosts"))


@defect("inbox.unused")
def unused_inbox(desk: Damage) -> Seen:
    return seen(desk.insert("inbox", name="Attic", email="attic@orchard.example.org", kind="mailbox"))


@defect("schedule.empty")
def empty_schedule(desk: Damage) -> Seen:
    return seen(desk.insert("schedule", name="Never", timezone="Europe/Madrid", intervals=[], holidays=[]))


@defect("schedule.unknown_timezone")
def schedule_unknown_timezone(desk: Damage) -> Seen:
    week = [{"day": "mon", "start": "09:00", "end": "17:00"}]
    return seen(desk.insert("schedule", name="Elsewhere", timezone="Nowhere/City", intervals=week, holidays=[]))


@defect("tagging.odd_case")
def odd_case(desk: Damage) -> Seen:
    """The same tag in two spellings."""
    made = []
    for tag in ("walnut", "walnut", "Walnut"):
        made.append(desk.insert("tagging", kind="ticket", record_id=desk.ticket(ANSWERED), tag=tag))
    return seen(made[2], instead=made)


# ----------------------------------------------------------------------------------------------------------- knowledge


@defect("article.without_category")
def without_category(desk: Damage) -> Seen:
    return seen(
        desk.set("article", desk.take("article", "category_id IS NOT NULL"), category_id=None, category_ids=None)
    )


@defect("article.no_translation_text")
def no_translation_text(desk: Damage) -> Seen:
    article = desk.take("article", "category_id IS NOT NULL")
    made = desk.insert("article_translation", article_id=article, locale="fr", title="Sans mots", body_html=None,
                       body_text=None, status="published")  # fmt: skip
    return seen(made, instead=[article])


@defect("article.duplicate_title")
def duplicate_title(desk: Damage) -> Seen:
    one = desk.take("article", "category_id IS NOT NULL AND title IS NOT NULL")
    two = desk.clone("article", f"id = '{one}'")
    return seen(one, two)
