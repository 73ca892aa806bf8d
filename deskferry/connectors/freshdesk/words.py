"""What the connector says: losses, effects, and the words that it puts into migrated texts, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deskferry.connectors.kit.contract import Effect

LOSS_CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "created_at_in_text": (
            "Freshdesk sets times itself; the original one stands in the text.",
            "Freshdesk pone las fechas por sí mismo; la original está en el texto.",
        ),
        "time_not_written": (
            "Freshdesk sets this time itself.",
            "Freshdesk pone esta fecha por sí mismo.",
        ),
        "number_in_text": (
            "Freshdesk numbers tickets itself; the original number stands in the text.",
            "Freshdesk numera los tickets por sí mismo; el número original está en el texto.",
        ),
        "history_not_written": (
            "No API writes the history of a ticket.",
            "Ninguna API escribe el historial de un ticket.",
        ),
        "rating_not_written": (
            "Ratings stay in the store: their date cannot be written.",
            "Las valoraciones se quedan en el almacén: su fecha no se puede escribir.",
        ),
        "time_entry_not_written": (
            "Time entries stay in the store.",
            "Los tiempos registrados se quedan en el almacén.",
        ),
        "follower_not_written": (
            "Freshdesk copies e-mail addresses only; agents who follow are lost.",
            "Freshdesk solo copia direcciones de correo; los agentes seguidores se pierden.",
        ),
        "link_in_text": (
            "The link between the tickets is named in the text.",
            "El vínculo entre los tickets se menciona en el texto.",
        ),
        "status_folded": (
            "Freshdesk has no such status; the nearest was taken.",
            "Freshdesk no tiene ese estado; se tomó el más cercano.",
        ),
        "priority_defaulted": (
            "Freshdesk wants a priority; it became low.",
            "Freshdesk exige una prioridad; quedó en baja.",
        ),
        "channel_folded": (
            "Freshdesk takes no such channel; the nearest was taken.",
            "Freshdesk no admite ese canal; se tomó el más cercano.",
        ),
        "type_unmatched": ("The desk has no such ticket type.", "La cuenta no tiene ese tipo de ticket."),
        "subject_defaulted": (
            "Freshdesk wants a subject; a word stands in.",
            "Freshdesk exige un asunto; se puso una palabra.",
        ),
        "subject_in_text": (
            "Subjects end at 255 characters; the whole one stands in the text.",
            "Los asuntos acaban en 255 caracteres; el completo está en el texto.",
        ),
        "tag_too_long": ("Tags end at 32 characters.", "Las etiquetas acaban en 32 caracteres."),
        "requester_unmatched": (
            "The requester does not cross; a stand-in takes the place.",
            "El solicitante no se traslada; ocupa su lugar un sustituto.",
        ),
        "assignee_unmatched": (
            "Nobody with a seat stands for this agent.",
            "Nadie con licencia corresponde a este agente.",
        ),
        "team_unmatched": ("The desk has no such group.", "La cuenta no tiene ese grupo."),
        "inbox_unmatched": (
            "The desk has no such product or mail address.",
            "La cuenta no tiene ese producto o dirección de correo.",
        ),
        "organization_unmatched": ("The organization does not cross.", "La organización no se traslada."),
        "organization_derived": (
            "Freshdesk files a ticket under its requester's company.",
            "Freshdesk archiva el ticket en la empresa de su solicitante.",
        ),
        "author_in_text": (
            "The author could not be set; the text names them.",
            "No se pudo poner el autor; el texto lo nombra.",
        ),
        "field_unmatched": (
            "No field of the desk takes this custom field.",
            "Ningún campo de la cuenta recoge este campo personalizado.",
        ),
        "option_unmatched": ("The desk's field has no such option.", "El campo de la cuenta no tiene esa opción."),
        "value_unfit": (
            "The desk's field cannot hold this value.",
            "El campo de la cuenta no admite este valor.",
        ),
        "field_not_there": ("Freshdesk has no such field.", "Freshdesk no tiene ese campo."),
        "left_out_of_placeholder": (
            "A stand-in for an agent without a seat has a name only, so that no mail reaches the person.",
            "El sustituto de un agente sin licencia solo lleva nombre, para que no le llegue ningún correo.",
        ),
        "vendor_fields_not_written": (
            "Fields of the old vendor alone stay in the store.",
            "Los campos propios del proveedor anterior se quedan en el almacén.",
        ),
        "mail_details_not_written": (
            "Notes have no mail addresses and headers.",
            "Las notas no llevan direcciones ni cabeceras de correo.",
        ),
        "opening_private": (
            "The description is public: an opening that was not became a note.",
            "La descripción es pública: una apertura que no lo era pasó a nota.",
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
        "text_split": (
            "The text was too long for one note; it goes on in the next.",
            "El texto era demasiado largo para una nota; sigue en la siguiente.",
        ),
        "inline_image_attached": (
            "The image is attached; where it stood, its name stands.",
            "La imagen va adjunta; en su lugar queda su nombre.",
        ),
        "files_split": (
            "Together over 20 MB; the rest hangs on private notes.",
            "Juntos pasan de 20 MB; el resto va en notas privadas.",
        ),
        "file_too_large": (
            "A file over 20 MB cannot be uploaded; the text names it with its hash.",
            "Un archivo de más de 20 MB no se puede subir; el texto lo nombra con su huella.",
        ),
        "file_missing": (
            "The file was not downloaded; the text names it.",
            "El archivo no se descargó; el texto lo nombra.",
        ),
        "email_invalid": (
            "Freshdesk would refuse this e-mail address.",
            "Freshdesk rechazaría esta dirección de correo.",
        ),
        "phone_dropped": (
            "Freshdesk keeps two phone numbers.",
            "Freshdesk guarda dos números de teléfono.",
        ),
        "name_defaulted": (
            "Freshdesk wants a name; another detail stands in.",
            "Freshdesk exige un nombre; otro dato ocupa su lugar.",
        ),
        "language_not_written": (
            "The desk does not have this language.",
            "La cuenta no tiene este idioma.",
        ),
        "timezone_not_written": (
            "Contacts have no time zone of their own unless a setting of the mapping says so.",
            "Los contactos no tienen zona horaria propia salvo que un ajuste lo diga.",
        ),
    }
)  # fmt: skip
"""Every cause of a loss that writing has, with its words in English and Spanish."""

NEW_TICKET_EMAILS = "new_ticket_emails"
ASSIGNMENT_EMAILS = "agent_assignment_emails"
PUBLIC_NOTE_EMAILS = "public_note_emails"
STATUS_EMAILS = "status_emails"
AUTOMATIONS = "automations"
ACTIVATION_EMAILS = "activation_emails"

EFFECTS = (
    Effect(
        NEW_TICKET_EMAILS,
        "Creating a ticket mails a confirmation to its requester and those copied, and a notice to agents.",
        "Admin > Email notifications: switch off 'New ticket created' for requesters, agents and those copied.",
    ),
    Effect(
        ASSIGNMENT_EMAILS,
        "A ticket that is created for a group or an agent mails them.",
        "Admin > Email notifications: switch off 'Ticket assigned to group' and 'Ticket assigned to agent'.",
    ),
    Effect(
        PUBLIC_NOTE_EMAILS,
        "Adding a public note may mail the requester and the agents.",
        "Admin > Email notifications: switch off 'Agent adds comment to ticket' and 'Requester replies to ticket'.",
    ),
    Effect(
        STATUS_EMAILS,
        "A ticket that becomes resolved or closed mails its requester and may send a satisfaction survey.",
        "Admin > Email notifications: switch off 'Agent solves' and 'Agent closes the ticket'; Admin > Customer "
        "satisfaction: switch the survey off.",
    ),
    Effect(
        AUTOMATIONS,
        "Creation and update rules, automatic assignment, webhooks and SLA clocks run on every ticket; a rule may "
        "reopen a ticket or answer it.",
        "Admin > Workflows > Automations: switch off the rules of all three kinds; Admin > Groups: switch off "
        "automatic assignment; Admin > SLA policies: leave only the default one, without reminders.",
    ),
    Effect(
        ACTIVATION_EMAILS,
        "A portal that lets new contacts sign in may invite them by mail when they are created.",
        "Admin > Email notifications: switch off 'User activation email'.",
    ),
)

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "unknown_author": "Unknown author",
            "unknown_person": "Unknown person",
            "unknown_time": "time unknown",
            "no_subject": "(no subject)",
            "no_opening": "The first message was private and follows as a note.",
            "no_messages": "The ticket had no message.",
            "public": "public",
            "private": "private",
            "image": "image",
            "number": "Number: {}",
            "subject": "Subject: {}",
            "part": "Part {} of {}",
            "files_of": "More files of {}",
            "too_large": "File not moved, too large: {} ({} bytes, SHA-256 {})",
            "missing": "File not moved, it was not downloaded: {}",
            "not_delivered": "It was not delivered",
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
            "no_opening": "El primer mensaje era privado y sigue como nota.",
            "no_messages": "El ticket no tenía mensajes.",
            "public": "público",
            "private": "privado",
            "image": "imagen",
            "number": "Número: {}",
            "subject": "Asunto: {}",
            "part": "Parte {} de {}",
            "files_of": "Más archivos de {}",
            "too_large": "Archivo no trasladado, demasiado grande: {} ({} bytes, SHA-256 {})",
            "missing": "Archivo no trasladado, no se había descargado: {}",
            "not_delivered": "No se entregó",
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
