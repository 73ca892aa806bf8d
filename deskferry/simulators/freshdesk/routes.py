"""The routing table of the whole account."""

from __future__ import annotations

from deskferry.simulators.freshdesk import (
    admin,
    agents,
    associations,
    attachments,
    bulk,
    canned,
    companies,
    contact_lists,
    contacts,
    conversations,
    exports,
    field_admin,
    forms_admin,
    groups,
    jobs,
    search,
    solutions,
    surveys,
    ticket_extras,
    ticket_lists,
    tickets,
    time_entries,
)
from deskferry.simulators.freshdesk.routing import Route

ROUTES = (
    *admin.ROUTES,
    *agents.ROUTES,
    *associations.ROUTES,
    *attachments.ROUTES,
    *bulk.ROUTES,
    *canned.ROUTES,
    *companies.ROUTES,
    *contact_lists.ROUTES,
    *contacts.ROUTES,
    *conversations.ROUTES,
    *exports.ROUTES,
    *field_admin.ROUTES,
    *forms_admin.ROUTES,
    *groups.ROUTES,
    *jobs.ROUTES,
    *search.ROUTES,
    *solutions.ROUTES,
    *surveys.ROUTES,
    *ticket_extras.ROUTES,
    *ticket_lists.ROUTES,
    *tickets.ROUTES,
    *time_entries.ROUTES,
)
CHANNEL_ROUTES = (
    Route("POST", "/tickets", tickets.channel_create, endpoint="ticket_create"),
    Route("POST", "/tickets/{id}/reply", conversations.channel_note),
    Route("POST", "/tickets/{id}/notes", conversations.channel_note),
)
