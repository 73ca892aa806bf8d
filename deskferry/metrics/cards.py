"""The index of all metrics: how each is called in English and Spanish, and what is said when it cannot be computed.

The texts live here, the computation in `catalogue`; a metric without a definition there is listed as not built yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages of the product."""

    en: str
    es: str

    def in_language(self, lang: str) -> str:
        """Return the text in Spanish for `es`, else in English."""
        return self.es if lang == "es" else self.en


@dataclass(frozen=True, slots=True)
class Card:
    """A metric's identity: number, name on the command line, root of its definition ids, texts."""

    id: str
    slug: str
    code: str
    name: Words
    description: Words
    message: Words
    """What is said when the input is not there."""


_NO_MESSAGES = Words("no messages (or no author kind) in the store", "no hay mensajes (o tipo de autor) en el almacén")
_NO_TICKET = Words("no ticket in the store", "no hay tickets en el almacén")
_NO_RESOLUTION = Words("no resolution time in the store", "no hay hora de resolución en el almacén")
_NO_HISTORY = Words("no status history in the store", "no hay historial de estados en el almacén")
_NO_CSAT = Words("no CSAT response in the store", "no hay respuestas CSAT en el almacén")
_NO_TRAFFIC = Words("no help-centre traffic in the store", "no hay tráfico del centro de ayuda en el almacén")
_NO_PURCHASE = Words("no transaction in the store", "no hay transacciones en el almacén")
_NO_CUSTOMERS = Words("no customer activity in the store", "no hay actividad de clientes en el almacén")

_CARDS: tuple[Card, ...] = (
    Card(
        "M01", "volume", "volume", Words("Ticket volume", "Volumen de tickets"),
        Words("Tickets created in the period.", "Tickets creados en el periodo."), _NO_TICKET,
    ),
    Card(
        "M02", "volume_by_channel", "channel", Words("Volume by channel", "Volumen por canal"),
        Words("Tickets created, by the channel they came in by, and its share of all.",
              "Tickets creados, por canal de entrada, y su proporción del total."),
        Words("no channel on tickets", "los tickets no indican canal"),
    ),
    Card(
        "M03", "new_vs_resolved", "flow", Words("New vs resolved tickets", "Tickets nuevos y resueltos"),
        Words("Tickets created beside resolutions in the same period, and the net flow.",
              "Tickets creados junto a las resoluciones del mismo periodo, y el flujo neto."), _NO_RESOLUTION,
    ),
    Card(
        "M04", "unresolved", "unresolved", Words("Unresolved tickets", "Tickets sin resolver"),
        Words("Tickets that are neither solved nor closed now, and their age.",
              "Tickets que ahora no están resueltos ni cerrados, y su antigüedad."),
        Words("no status on tickets", "los tickets no indican estado"),
    ),
    Card(
        "M05", "backlog", "backlog", Words("Backlog", "Trabajo acumulado (backlog)"),
        Words("Tickets that were unresolved at the end of each day.", "Tickets sin resolver al final de cada día."),
        _NO_HISTORY,
    ),
    Card(
        "M06", "predicted_backlog", "forecast", Words("Predicted backlog", "Backlog previsto"),
        Words("Backlog expected on the coming days, with its bands.",
              "Backlog esperado en los próximos días, con sus bandas."),
        Words("fewer than 8 complete weeks", "menos de 8 semanas completas"),
    ),
    Card(
        "M07", "first_response_time", "frt", Words("First response time", "Tiempo de primera respuesta"),
        Words("From the creation of a ticket to the first public reply of a human agent.",
              "Desde la creación del ticket hasta la primera respuesta pública de un agente humano."), _NO_MESSAGES,
    ),
    Card(
        "M08", "response_time", "art", Words("Average response time (all replies)", "Tiempo medio de respuesta"),
        Words("From the oldest unanswered message of the customer to the next reply of an agent.",
              "Desde el mensaje más antiguo del cliente sin contestar hasta la siguiente respuesta de un agente."),
        _NO_MESSAGES,
    ),
    Card(
        "M09", "resolution_time", "ttr", Words("Time to resolution", "Tiempo medio de resolución"),
        Words("From the creation of a ticket to its last solving.",
              "Desde la creación del ticket hasta su última resolución."),
        _NO_RESOLUTION,
    ),
    Card(
        "M10", "first_resolution_time", "first_resolution",
        Words("First resolution time", "Tiempo hasta la primera resolución"),
        Words("From the creation of a ticket to its first solving, even if it was reopened later.",
              "Desde la creación del ticket hasta su primera resolución, aunque se reabriera después."), _NO_HISTORY,
    ),
    Card(
        "M11", "handle_time", "aht", Words("Average handle time (AHT)", "Tiempo medio de gestión (TMO)"),
        Words("Measured work on a contact: talk, hold and after-contact work, or time entries.",
              "Trabajo medido en un contacto: conversación, espera y trabajo posterior, o registros de tiempo."),
        Words("no time entries or call legs in the store", "no hay registros de tiempo ni llamadas en el almacén"),
    ),
    Card(
        "M12", "requester_wait_time", "requester_wait",
        Words("Requester wait time", "Tiempo de espera del solicitante"),
        Words("Time that a ticket spent as new, open or on hold.",
              "Tiempo que el ticket pasó como nuevo, abierto o en espera."),
        _NO_HISTORY,
    ),
    Card(
        "M13", "status_times", "status_times",
        Words("Agent wait, agent work and on-hold time", "Espera del agente, trabajo del agente, en espera"),
        Words("Time that a ticket spent pending, being worked on, and on hold.",
              "Tiempo que el ticket pasó pendiente, en trabajo y en espera."), _NO_HISTORY,
    ),
    Card(
        "M14", "resolution_rate", "resolution_rate", Words("Resolution rate", "Tasa de resolución"),
        Words("Of the tickets created in the period, the share that is solved.",
              "De los tickets creados en el periodo, la proporción resuelta."), _NO_RESOLUTION,
    ),
    Card(
        "M15", "first_contact_resolution", "fcr",
        Words("First contact resolution (FCR)", "Resolución en el primer contacto"),
        Words("Share of resolved tickets that needed one contact only.",
              "Proporción de tickets resueltos que necesitaron un solo contacto."),
        Words("no messages / no requester identity", "no hay mensajes / no hay identidad del solicitante"),
    ),
    Card(
        "M16", "one_touch", "one_touch",
        Words("One-touch (single reply) resolution", "Resolución con una sola respuesta"),
        Words("Share of solved tickets that took exactly one reply.",
              "Proporción de tickets resueltos con exactamente una respuesta."),
        Words("no messages in the store", "no hay mensajes en el almacén"),
    ),
    Card(
        "M17", "replies_to_resolution", "replies", Words("Replies to resolution", "Respuestas hasta la resolución"),
        Words("Replies of agents up to the last solving.", "Respuestas de agentes hasta la última resolución."),
        Words("no messages in the store", "no hay mensajes en el almacén"),
    ),
    Card(
        "M18", "reopen_rate", "reopen", Words("Reopen rate", "Tasa de reapertura"),
        Words("Of the tickets solved at least once, the share that was opened again.",
              "De los tickets resueltos alguna vez, la proporción que se reabrió."),
        Words("no status history and no reopen counter", "no hay historial de estados ni contador de reaperturas"),
    ),
    Card(
        "M19", "escalation_rate", "escalation", Words("Escalation rate", "Tasa de escalado (escalamiento)"),
        Words("Share of tickets that were escalated.", "Proporción de tickets escalados."),
        Words("no escalation marker and no tier map configured",
              "no hay marca de escalado ni mapa de niveles configurado"),
    ),
    Card(
        "M20", "sla_compliance", "sla", Words("SLA compliance", "Cumplimiento de SLA (ANS)"),
        Words("Of the targets that were met or missed, the share that was met.",
              "De los objetivos cumplidos o incumplidos, la proporción cumplida."),
        Words("no SLA policy or SLA event in the store", "no hay políticas ni eventos de SLA en el almacén"),
    ),
    Card(
        "M21", "csat", "csat", Words("Customer satisfaction (CSAT)", "Satisfacción del cliente (CSAT)"),
        Words("Of the answers to satisfaction surveys, the share that is positive.",
              "De las respuestas a encuestas de satisfacción, la proporción positiva."), _NO_CSAT,
    ),
    Card(
        "M22", "nps", "nps", Words("Net promoter score (NPS)", "Índice de promotores netos (NPS)"),
        Words("Share of promoters less share of detractors on the 0-10 scale, times 100.",
              "Proporción de promotores menos la de detractores en la escala 0-10, por 100."),
        Words("no 0-10 NPS response in the store", "no hay respuestas NPS de 0 a 10 en el almacén"),
    ),
    Card(
        "M23", "ces", "ces", Words("Customer effort score (CES)", "Índice de esfuerzo del cliente (CES)"),
        Words("How easy customers found it to get help.", "Qué fácil les resultó a los clientes obtener ayuda."),
        Words("no CES response, or scale unknown", "no hay respuestas CES, o se desconoce la escala"),
    ),
    Card(
        "M24", "survey_response_rate", "survey_rate", Words("Survey response rate", "Tasa de respuesta de encuestas"),
        Words("Of the surveys sent, the share that was answered.",
              "De las encuestas enviadas, la proporción contestada."),
        Words("surveys sent are not recorded", "no constan las encuestas enviadas"),
    ),
    Card(
        "M25", "agent_volume", "agent_volume", Words("Agent performance: volume", "Volumen por agente"),
        Words("Replies sent, tickets replied to and tickets assigned, by agent.",
              "Respuestas enviadas, tickets contestados y tickets asignados, por agente."),
        Words("no assignee or author on records", "los registros no indican asignado ni autor"),
    ),
    Card(
        "M26", "agent_closed", "agent_closed",
        Words("Agent performance: closed per agent", "Tickets cerrados por agente"),
        Words("Resolutions credited to the agent who had the ticket.",
              "Resoluciones atribuidas al agente que tenía el ticket."),
        Words("no assignee history", "no hay historial de asignaciones"),
    ),
    Card(
        "M27", "agent_quality", "qa", Words("Agent quality (QA score)", "Calidad del agente"),
        Words("Mean score of the reviews of how tickets were handled.",
              "Nota media de las revisiones de la gestión de tickets."),
        Words("no QA reviews in the store", "no hay revisiones de calidad en el almacén"),
    ),
    Card(
        "M28", "agent_csat", "agent_csat", Words("Agent feedback (CSAT by agent)", "Valoración por agente"),
        Words("Share of positive answers, by the agent who had the ticket when it was rated.",
              "Proporción de respuestas positivas, por el agente que tenía el ticket al valorarse."),
        Words("no CSAT response / no assignee history", "no hay respuestas CSAT / no hay historial de asignaciones"),
    ),
    Card(
        "M29", "agent_utilization", "utilization",
        Words("Agent utilization and occupancy", "Utilización y ocupación de agentes"),
        Words("Time handling contacts against time available or paid.",
              "Tiempo de gestión de contactos frente al tiempo disponible o pagado."),
        Words("no agent shift/state in the store", "no hay turnos ni estados de agentes en el almacén"),
    ),
    Card(
        "M30", "agent_satisfaction", "agent_satisfaction", Words("Agent satisfaction", "Satisfacción del agente"),
        Words("Share of favourable answers of agents, or their eNPS.",
              "Proporción de respuestas favorables de los agentes, o su eNPS."),
        Words("no agent survey in the store", "no hay encuestas a agentes en el almacén"),
    ),
    Card(
        "M31", "channel_metrics", "by_channel", Words("Channel metrics", "Métricas por canal"),
        Words("Any metric by channel; never averaged across channels.",
              "Cualquier métrica por canal; nunca promediada entre canales."),
        Words("as the metric", "según la métrica"),
    ),
    Card(
        "M32", "abandonment_rate", "abandonment", Words("Abandonment rate", "Tasa de abandono (de contactos)"),
        Words("Of the contacts offered to a queue, the share that gave up before an answer.",
              "De los contactos que entraron en cola, la proporción que abandonó antes de ser atendida."),
        Words("no call/chat queue records in the store", "no hay registros de cola de llamadas o chats en el almacén"),
    ),
    Card(
        "M33", "retention_rate", "retention", Words("Customer retention rate", "Tasa de retención de clientes"),
        Words("Of the customers active at the start of the period, the share still active at its end.",
              "De los clientes activos al inicio del periodo, la proporción aún activa al final."), _NO_CUSTOMERS,
    ),
    Card(
        "M34", "churn_rate", "churn", Words("Customer churn rate", "Tasa de pérdida de clientes (churn)"),
        Words("Of the customers active at the start of the period, the share lost by its end.",
              "De los clientes activos al inicio del periodo, la proporción perdida al final."), _NO_CUSTOMERS,
    ),
    Card(
        "M35", "sentiment", "sentiment", Words("Sentiment", "Análisis de sentimiento"),
        Words("Share of customer messages per label, and positive less negative.",
              "Proporción de mensajes de clientes por etiqueta, y positivos menos negativos."),
        Words("no sentiment scored in the store", "no hay sentimiento evaluado en el almacén"),
    ),
    Card(
        "M36", "automated_resolution_rate", "automated",
        Words("Automated-support resolution rate", "Tasa de resolución automatizada"),
        Words("Of the conversations with automation, the share resolved without a human agent.",
              "De las conversaciones con automatización, la proporción resuelta sin agente humano."),
        Words("bot messages cannot be told from agents", "no se distinguen los mensajes de bots de los de agentes"),
    ),
    Card(
        "M37", "converted_tickets", "converted",
        Words("Converted tickets (purchase within 5 days)", "Tickets convertidos (compra en 5 días)"),
        Words("Tickets whose customer places an order within the window.",
              "Tickets cuyo cliente compra dentro de la ventana."),
        _NO_PURCHASE,
    ),
    Card(
        "M38", "unique_visitors", "visitors", Words("Self-service: unique visitors", "Visitantes únicos"),
        Words("Different visitors of the help centre.", "Visitantes distintos del centro de ayuda."), _NO_TRAFFIC,
    ),
    Card(
        "M39", "page_views", "views", Words("Self-service: page views", "Páginas vistas"),
        Words("Pages of the help centre that were shown.",
              "Páginas del centro de ayuda que se mostraron."), _NO_TRAFFIC,
    ),
    Card(
        "M40", "bounce_rate", "bounce", Words("Self-service: bounce rate", "Tasa de rebote"),
        Words("Share of visits with a single page view.", "Proporción de visitas con una sola página vista."),
        Words("sessions not recorded", "no constan las sesiones"),
    ),
    Card(
        "M41", "ticket_deflection", "deflection",
        Words("Ticket deflection / self-service score", "Desvío (deflexión) de tickets"),
        Words("How much of the traffic of the help centre led to no ticket.",
              "Qué parte del tráfico del centro de ayuda no generó un ticket."),
        Words("no help-centre traffic / identities do not join",
              "no hay tráfico del centro de ayuda / las identidades no cruzan"),
    ),
    Card(
        "M42", "article_tickets", "article_tickets",
        Words("Tickets created from KB article comments", "Tickets creados desde comentarios de artículos"),
        Words("Tickets that began as a comment under an article.",
              "Tickets que empezaron como comentario de un artículo."),
        Words("origin of tickets not recorded", "no consta el origen de los tickets"),
    ),
    Card(
        "M43", "social_mentions", "mentions",
        Words("Social media mention monitoring", "Seguimiento de menciones en redes"),
        Words("Mentions, how many were answered and how fast.", "Menciones, cuántas se contestaron y con qué rapidez."),
        Words("no mention in the store", "no hay menciones en el almacén"),
    ),
    Card(
        "M44", "tickets_per_transaction", "contact_rate",
        Words("Tickets per transaction / per repeat transaction",
              "Tickets por transacción / por transacción recurrente"),
        Words("Tickets created for each order placed.", "Tickets creados por cada pedido."), _NO_PURCHASE,
    ),
    Card(
        "M45", "distribution", "distribution",
        Words("Distribution by custom field or tag", "Distribución por campo personalizado o etiqueta"),
        Words("Share of tickets per value of a field or per tag.",
              "Proporción de tickets por valor de un campo o por etiqueta."),
        Words("field or tag not present in the store", "el campo o la etiqueta no está en el almacén"),
    ),
)  # fmt: skip

CARDS: MappingProxyType[str, Card] = MappingProxyType({card.id: card for card in _CARDS})
