"""What the writer says: losses, effects, and the words that it puts into migrated tickets, in English and Spanish."""

from __future__ import annotations

import re

from deskferry.connectors.kit.contract import Effect
from deskferry.connectors.kit.words import causes_of, speaker, words_of
from deskferry.connectors.zendesk import words_beside

LOSS_CAUSES = causes_of(
    "Zendesk",
    {
        "rating_as_note": (
            "Only the customer who asked can rate a ticket: the rating stands in a private note.",
            "Solo el cliente que preguntó puede valorar un ticket: la valoración está en una nota privada.",
        ),
        "time_entry_as_note": (
            "Zendesk has no time entries: the time stands in a private note.",
            "Zendesk no tiene tiempos registrados: el tiempo está en una nota privada.",
        ),
        "time_clamped": (
            "Zendesk takes no time before 1970 or in the future; the nearest is there.",
            "Zendesk no admite fechas anteriores a 1970 ni futuras; figura la más cercana.",
        ),
        "time_unknown": (
            "The time was not known; that of the message before stands in.",
            "No se conocía la fecha; se puso la del mensaje anterior.",
        ),
        "number_changed": (
            "Zendesk numbers tickets itself; the original number is found by the external id.",
            "Zendesk numera los tickets por sí mismo; el número original se encuentra por el id externo.",
        ),
        "external_id_replaced": (
            "The external id of the ticket holds where it came from; its own stands in a private note.",
            "El id externo del ticket guarda su procedencia; el suyo está en una nota privada.",
        ),
        "link_in_note": (
            "The link between the tickets is named in a private note.",
            "El vínculo entre los tickets se menciona en una nota privada.",
        ),
        "reads_as_merged": (
            "The tag closed_by_merge says there that the ticket was merged into another.",
            "La etiqueta closed_by_merge indica allí que el ticket se fusionó con otro.",
        ),
        "custom_status_unmatched": (
            "The desk has no custom status of this name; the default one of its category was taken.",
            "La cuenta no tiene un estado con ese nombre; se tomó el predeterminado de su categoría.",
        ),
        "channel_unsure": (
            "Whether an import keeps the channel is not documented: it may read as an API ticket.",
            "No está documentado que la importación conserve el canal: puede figurar como ticket de API.",
        ),
        "type_unmatched": (
            "Zendesk knows problems, incidents, questions and tasks only.",
            "Zendesk solo conoce problemas, incidentes, preguntas y tareas.",
        ),
        "subject_defaulted": (
            "A word stands in for the missing subject.",
            "Una palabra ocupa el lugar del asunto que falta.",
        ),
        "subject_in_note": (
            "Subjects end at 255 characters; the whole one stands in a private note.",
            "Los asuntos acaban en 255 caracteres; el completo está en una nota privada.",
        ),
        "tag_respelled": (
            "Tags are lower case and without blanks and most signs.",
            "Las etiquetas van en minúsculas, sin espacios ni la mayoría de los signos.",
        ),
        "tag_too_long": ("The tag is too long.", "La etiqueta es demasiado larga."),
        "assignee_not_in_group": (
            "The agent is not a member of the ticket's group there.",
            "El agente no es miembro del grupo del ticket en la cuenta.",
        ),
        "team_defaulted": (
            "A ticket with an assignee belongs to a group of theirs: the default one was taken.",
            "Un ticket asignado pertenece a un grupo del agente: se tomó el predeterminado.",
        ),
        "inbox_unmatched": ("The desk has no such brand.", "La cuenta no tiene esa marca."),
        "form_unmatched": (
            "The form has no equal there; the default one was taken.",
            "El formulario no tiene equivalente; se tomó el predeterminado.",
        ),
        "organization_derived": (
            "A ticket belongs to an organization of its requester; the requester's own was taken.",
            "Un ticket pertenece a una organización de su solicitante; se tomó la del solicitante.",
        ),
        "follower_not_written": (
            "Only agents can follow a ticket, and only people with an address are copied.",
            "Solo los agentes pueden seguir un ticket, y solo se copia a quien tiene dirección.",
        ),
        "mail_details_not_written": (
            "Imported comments have no mail addresses and headers.",
            "Los comentarios importados no llevan direcciones ni cabeceras de correo.",
        ),
        "suspension_lifted": (
            "Tickets of suspended people are refused: the person crosses, and is not suspended there.",
            "Los tickets de personas suspendidas se rechazan: la persona se traslada sin quedar suspendida.",
        ),
        "too_many_messages": (
            "A ticket holds 5,000 comments; the messages after them stay in the store.",
            "Un ticket admite 5.000 comentarios; los mensajes siguientes se quedan en el almacén.",
        ),
        "text_split": (
            "The text was too long for one comment; it goes on in the next.",
            "El texto era demasiado largo para un comentario; sigue en el siguiente.",
        ),
        "text_defaulted": (
            "Zendesk takes no comment without a text; a word stands in.",
            "Zendesk no admite comentarios sin texto; se puso una palabra.",
        ),
        "file_too_large": (
            "A file over 50 MB cannot be uploaded; a private note names it with its hash.",
            "Un archivo de más de 50 MB no se puede subir; una nota privada lo nombra con su huella.",
        ),
        "file_split": (
            "A file over 50 MB is attached in parts; a private note says how they belong together.",
            "Un archivo de más de 50 MB va adjunto en partes; una nota privada explica cómo unirlas.",
        ),
        "file_linked": (
            "A file over 50 MB is not uploaded; a private note holds a link to it.",
            "Un archivo de más de 50 MB no se sube; una nota privada contiene un enlace.",
        ),
        "file_empty": (
            "An empty file cannot be uploaded; a private note names it.",
            "Un archivo vacío no se puede subir; una nota privada lo nombra.",
        ),
        "file_missing": (
            "The file was not downloaded; a private note names it.",
            "El archivo no se descargó; una nota privada lo nombra.",
        ),
        "identity_not_written": (
            "The API takes e-mail addresses, phone numbers, Twitter, Facebook and Google identities only.",
            "La API solo admite direcciones de correo, teléfonos e identidades de Twitter, Facebook y Google.",
        ),
        "timezone_not_written": ("Zendesk does not know this time zone.", "Zendesk no conoce esta zona horaria."),
        "created_at_in_text": (
            "A comment that is added later gets the time of adding; the text names the original one.",
            "Un comentario añadido después lleva la fecha en que se añade; el texto indica la original.",
        ),
        **words_beside.CAUSES,
    },
)
"""Every cause of a loss that writing has, with its words in English and Spanish."""

UPDATE_TRIGGERS = "ticket_update_triggers"

EFFECTS = (
    Effect(
        UPDATE_TRIGGERS,
        "An update of an existing ticket runs triggers and webhooks, starts SLA clocks and mails requesters, those "
        "copied and agents, as the account's triggers say.",
        "Admin Center > Objects and rules > Triggers: switch them off while tickets are updated, or choose another "
        "delta policy (closed_first, reimport), which writes in silence.",
    ),
)

WORDS = words_of(
    {
        "en": {
            "no_text": "No text",
            "author": "Original author: {}",
            "external_id": "External id: {}",
            "time_entry": "Time: {}",
            "empty": "File not moved, it is empty: {}",
            "not_delivered": "{}: it was not delivered",
        },
        "es": {
            "no_text": "Sin texto",
            "author": "Autor original: {}",
            "external_id": "Id externo: {}",
            "time_entry": "Tiempo: {}",
            "empty": "Archivo no trasladado, está vacío: {}",
            "not_delivered": "{}: no se entregó",
        },
    }
)

word = speaker(WORDS)
"""Return a word or sentence of a key in a language, English where that one is not known, filled with values."""


_LINES = "|".join(
    re.escape(table[key]).replace(r"\{\}", r"[^\[\]]*") for table in WORDS.values() for key in ("author", "no_text")
)
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_LINE = re.compile(rf"\s*\[(?:{_LINES}|{_TIME})\]\s*")


def bracketed(line: str) -> str:
    """Return a line of ours as it stands before a text."""
    return f"[{' '.join(line.translate(str.maketrans('[]', '()')).split())}]"


def without_lines(text: str) -> str:
    """Return a plain text without the lines of ours before it."""
    while found := _LINE.match(text):
        text = text[found.end() :]
    return text
