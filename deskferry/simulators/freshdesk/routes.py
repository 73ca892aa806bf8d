"""The routing table of the whole account."""

from __future__ import annotations

from deskferry.simulators.freshdesk import (
    agents,
    associations,
    attachments,
    companies,
    contact_lists,
    contacts,
    conversations,
    field_admin,
    groups,
    jobs,
    ticket_lists,
    tickets,
)
from deskferry.simulators.freshdesk.routing import Route

ROUTES = (
    *agents.ROUTES,
    *associations.ROUTES,
    *attachments.ROUTES,
    *companies.ROUTES,
    *contact_lists.ROUTES,
    *contacts.ROUTES,
    *conversations.ROUTES,
    *field_admin.ROUTES,
    *groups.ROUTES,
    *jobs.ROUTES,
    *ticket_lists.ROUTES,
    *tickets.ROUTES,
)
CHANNEL_ROUTES = (
    Route("POST", "/tickets", tickets.channel_create, endpoint="ticket_create"),
    Route("POST", "/tickets/{id}/reply", conversations.channel_note),
    Route("POST", "/tickets/{id}/notes", conversations.channel_note),
)
