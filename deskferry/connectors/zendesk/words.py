"""What the writer says: losses, effects, and the words that it puts into migrated tickets, in English and Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from deskferry.connectors.kit.contract import Effect
from deskferry.connectors.zendesk import words_beside

LOSS_CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "history_not_written": (
            "No API writes the history of a ticket.",
            "Ninguna API escribe el historial de un ticket.",
        ),
        "rating_as_note": (
            "Only the customer who asked can rate a ticket: the rating stands in a private note.",
            "Solo el cliente que preguntó puede valorar un ticket: la valoración está en una nota privada.",
        ),
        "rating_unanswered": (
            "The survey was sent and nobody answered: there is nothing to write.",
            "La encuesta se envió y nadie respondió: no hay nada que escribir.",
        ),
        "time_entry_as_note": (
            "Zendesk has no time entries: the time stands in a private note.",
            "Zendesk no tiene tiempos registrados: el tiempo está en una nota privada.",
        ),
        "time_not_written": (
            "Zendesk sets this time itself.",
            "Zendesk pone esta fecha por sí mismo.",
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
        "link_left": (
            "The link goes on pointing to the old desk: what it names did not cross, or not yet.",
            "El enlace sigue apuntando a la cuenta antigua: lo que nombra no se ha trasladado, o aún no.",
        ),
        "status_folded": (
            "Zendesk has no such status; the nearest was taken.",
            "Zendesk no tiene ese estado; se tomó el más cercano.",
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
        "requester_unmatched": (
            "The requester does not cross; a stand-in takes the place.",
            "El solicitante no se traslada; ocupa su lugar un sustituto.",
        ),
        "assignee_unmatched": (
            "Nobody with a seat stands for this agent.",
            "Nadie con licencia corresponde a este agente.",
        ),
        "assignee_not_in_group": (
            "The agent is not a member of the ticket's group there.",
            "El agente no es miembro del grupo del ticket en la cuenta.",
        ),
        "team_unmatched": ("The desk has no such group.", "La cuenta no tiene ese grupo."),
        "team_defaulted": (
            "A ticket with an assignee belongs to a group of theirs: the default one was taken.",
            "Un ticket asignado pertenece a un grupo del agente: se tomó el predeterminado.",
        ),
        "inbox_unmatched": ("The desk has no such brand.", "La cuenta no tiene esa marca."),
        "form_unmatched": (
            "The form has no equal there; the default one was taken.",
            "El formulario no tiene equivalente; se tomó el predeterminado.",
        ),
        "organization_unmatched": ("The organization does not cross.", "La organización no se traslada."),
        "organization_derived": (
            "A ticket belongs to an organization of its requester; the requester's own was taken.",
            "Un ticket pertenece a una organización de su solicitante; se tomó la del solicitante.",
        ),
        "author_in_text": (
            "The author could not be set; the text names them.",
            "No se pudo poner el autor; el texto lo nombra.",
        ),
        "follower_not_written": (
            "Only agents can follow a ticket, and only people with an address are copied.",
            "Solo los agentes pueden seguir un ticket, y solo se copia a quien tiene dirección.",
        ),
        "field_unmatched": (
            "No field of the desk takes this custom field.",
            "Ningún campo de la cuenta recoge este campo personalizado.",
        ),
        "option_unmatched": ("The desk's field has no such option.", "El campo de la cuenta no tiene esa opción."),
        "value_unfit": ("The desk's field cannot hold this value.", "El campo de la cuenta no admite este valor."),
        "field_not_there": ("Zendesk has no such field.", "Zendesk no tiene ese campo."),
        "left_out_of_placeholder": (
            "A stand-in for an agent without a seat has a name only, so that no mail reaches the person.",
            "El sustituto de un agente sin licencia solo lleva nombre, para que no le llegue ningún correo.",
        ),
        "vendor_fields_not_written": (
            "Fields of the old vendor alone stay in the store.",
            "Los campos propios del proveedor anterior se quedan en el almacén.",
        ),
        "mail_details_not_written": (
            "Imported comments have no mail addresses and headers.",
            "Los comentarios importados no llevan direcciones ni cabeceras de correo.",
        ),
        "suspension_lifted": (
            "Tickets of suspended people are refused: the person crosses, and is not suspended there.",
            "Los tickets de personas suspendidas se rechazan: la persona se traslada sin quedar suspendida.",
        ),
        "visibility_unknown": (
            "It was not known whether the customer may read it; it became private.",
            "No se sabía si el cliente puede leerlo; pasó a privado.",
        ),
        "unsent_private": (
            "It was never sent: it became a private note.",
            "Nunca se envió: pasó a nota privada.",
        ),
        "draft_not_written": ("Drafts stay in the store.", "Los borradores se quedan en el almacén."),
        "hidden_not_written": ("Hidden messages stay in the store.", "Los mensajes ocultos se quedan en el almacén."),
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
        "email_invalid": (
            "Zendesk would refuse this e-mail address.",
            "Zendesk rechazaría esta dirección de correo.",
        ),
        "identity_not_written": (
            "The API takes e-mail addresses, phone numbers, Twitter, Facebook and Google identities only.",
            "La API solo admite direcciones de correo, teléfonos e identidades de Twitter, Facebook y Google.",
        ),
        "name_defaulted": (
            "Zendesk wants a name; another detail stands in.",
            "Zendesk exige un nombre; otro dato ocupa su lugar.",
        ),
        "timezone_not_written": ("Zendesk does not know this time zone.", "Zendesk no conoce esta zona horaria."),
        "created_at_in_text": (
            "A comment that is added later gets the time of adding; the text names the original one.",
            "Un comentario añadido después lleva la fecha en que se añade; el texto indica la original.",
        ),
        **words_beside.CAUSES,
    }
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

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "unknown_author": "Unknown author",
            "unknown_person": "Unknown person",
            "unknown_time": "time unknown",
            "no_subject": "(no subject)",
            "no_messages": "The ticket had no message.",
            "no_text": "No text",
            "author": "Original author: {}",
            "subject": "Subject: {}",
            "external_id": "External id: {}",
            "rating": "Rating: {}",
            "time_entry": "Time: {}",
            "too_large": "File not moved, too large: {} ({} bytes, SHA-256 {})",
            "linked": "Large file: {} ({} bytes, SHA-256 {}) is kept at {}",
            "in_parts": "File in {} parts, to be put together in their order: {} ({} bytes, SHA-256 {})",
            "empty": "File not moved, it is empty: {}",
            "missing": "File not moved, it was not downloaded: {}",
            "not_delivered": "{}: it was not delivered",
            "placeholder": "Stands in for {} of the former desk, who has no seat here.",
            "link.merged_into": "Merged into: {}",
            "link.parent": "Child of: {}",
            "link.related": "Related to: {}",
            "link.follow_up": "Follow-up of: {}",
            "link.problem": "Incident of: {}",
        },
        "es": {
            "unknown_author": "Autor desconocido",
            "unknown_person": "Persona desconocida",
            "unknown_time": "fecha desconocida",
            "no_subject": "(sin asunto)",
            "no_messages": "El ticket no tenía mensajes.",
            "no_text": "Sin texto",
            "author": "Autor original: {}",
            "subject": "Asunto: {}",
            "external_id": "Id externo: {}",
            "rating": "Valoración: {}",
            "time_entry": "Tiempo: {}",
            "too_large": "Archivo no trasladado, demasiado grande: {} ({} bytes, SHA-256 {})",
            "linked": "Archivo grande: {} ({} bytes, SHA-256 {}) se guarda en {}",
            "in_parts": "Archivo en {} partes, que se unen en su orden: {} ({} bytes, SHA-256 {})",
            "empty": "Archivo no trasladado, está vacío: {}",
            "missing": "Archivo no trasladado, no se había descargado: {}",
            "not_delivered": "{}: no se entregó",
            "placeholder": "Representa a {} de la cuenta anterior, que aquí no tiene licencia.",
            "link.merged_into": "Fusionado en: {}",
            "link.parent": "Hijo de: {}",
            "link.related": "Relacionado con: {}",
            "link.follow_up": "Continuación de: {}",
            "link.problem": "Incidente de: {}",
        },
    }
)


def word(language: str, key: str, *values: object) -> str:
    """Return a word or sentence in a language, English where that one is not known."""
    table = WORDS.get(language.partition("-")[0].lower(), WORDS["en"])
    first, *others = table[key].split("{}")
    return first + "".join(f"{value}{rest}" for value, rest in zip(values, others, strict=True))


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
