"""What the connector says: losses, effects, and the words that it puts into migrated texts, in English and Spanish."""

from __future__ import annotations

from deskferry.connectors.freshdesk import words_beside
from deskferry.connectors.kit.contract import Effect
from deskferry.connectors.kit.words import causes_of, speaker, words_of

LOSS_CAUSES = causes_of(
    "Freshdesk",
    {
        "created_at_in_text": (
            "Freshdesk sets times itself; the original one stands in the text.",
            "Freshdesk pone las fechas por sí mismo; la original está en el texto.",
        ),
        "number_in_text": (
            "Freshdesk numbers tickets itself; the original number stands in the text.",
            "Freshdesk numera los tickets por sí mismo; el número original está en el texto.",
        ),
        "follower_not_written": (
            "Freshdesk copies e-mail addresses only; agents who follow are lost.",
            "Freshdesk solo copia direcciones de correo; los agentes seguidores se pierden.",
        ),
        "link_in_text": (
            "The link between the tickets is named in the text.",
            "El vínculo entre los tickets se menciona en el texto.",
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
        "inbox_unmatched": (
            "The desk has no such product or mail address.",
            "La cuenta no tiene ese producto o dirección de correo.",
        ),
        "organization_derived": (
            "Freshdesk files a ticket under its requester's company.",
            "Freshdesk archiva el ticket en la empresa de su solicitante.",
        ),
        "mail_details_not_written": (
            "Notes have no mail addresses and headers.",
            "Las notas no llevan direcciones ni cabeceras de correo.",
        ),
        "opening_private": (
            "The description is public: an opening that was not became a note.",
            "La descripción es pública: una apertura que no lo era pasó a nota.",
        ),
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
        "file_linked": (
            "The file is larger than a call takes; the text tells where it is kept.",
            "El archivo es mayor de lo que cabe en una llamada; el texto dice dónde se guarda.",
        ),
        "file_split": (
            "The file is larger than a call takes; it is there in parts, to be put together in their order.",
            "El archivo es mayor de lo que cabe en una llamada; está en partes, que se unen en su orden.",
        ),
        "file_missing": (
            "The file was not downloaded; the text names it.",
            "El archivo no se descargó; el texto lo nombra.",
        ),
        "phone_dropped": (
            "Freshdesk keeps two phone numbers.",
            "Freshdesk guarda dos números de teléfono.",
        ),
        "language_not_written": (
            "The desk does not have this language.",
            "La cuenta no tiene este idioma.",
        ),
        "timezone_not_written": (
            "Contacts have no time zone of their own unless a setting of the mapping says so.",
            "Los contactos no tienen zona horaria propia salvo que un ajuste lo diga.",
        ),
        **words_beside.CAUSES,
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

WORDS = words_of(
    {
        "en": {
            "no_opening": "The first message was private and follows as a note.",
            "public": "public",
            "private": "private",
            "image": "image",
            "number": "Number: {}",
            "part": "Part {} of {}",
            "files_of": "More files of {}",
            "not_delivered": "It was not delivered",
        },
        "es": {
            "no_opening": "El primer mensaje era privado y sigue como nota.",
            "public": "público",
            "private": "privado",
            "image": "imagen",
            "number": "Número: {}",
            "part": "Parte {} de {}",
            "files_of": "Más archivos de {}",
            "not_delivered": "No se entregó",
        },
    },
    words_beside.WORDS,
)

word = speaker(WORDS)
"""Return a word or sentence of a key in a language, English where that one is not known, filled with values."""
