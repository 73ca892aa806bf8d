"""What every destination says alike, in English and Spanish: causes of loss, words that stand in migrated texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

Words = Mapping[str, Mapping[str, str]]
"""Language → key → text."""

_CAUSES: Mapping[str, tuple[str, str]] = {
    "time_not_written": ("{vendor} sets this time itself.", "{vendor} pone esta fecha por sí mismo."),
    "history_not_written": ("No API writes the history of a ticket.", "Ninguna API escribe el historial de un ticket."),
    "link_left": (
        "The link goes on pointing to the old desk: what it names did not cross, or not yet.",
        "El enlace sigue apuntando a la cuenta antigua: lo que nombra no se ha trasladado, o aún no.",
    ),
    "status_folded": (
        "{vendor} has no such status; the nearest was taken.",
        "{vendor} no tiene ese estado; se tomó el más cercano.",
    ),
    "requester_unmatched": (
        "The requester does not cross; a stand-in takes the place.",
        "El solicitante no se traslada; ocupa su lugar un sustituto.",
    ),
    "assignee_unmatched": (
        "Nobody with a seat stands for this agent.",
        "Nadie con licencia corresponde a este agente.",
    ),
    "team_unmatched": ("The desk has no such group.", "La cuenta no tiene ese grupo."),
    "organization_unmatched": ("The organization does not cross.", "La organización no se traslada."),
    "author_in_text": (
        "The author could not be set; the text names them.",
        "No se pudo poner el autor; el texto lo nombra.",
    ),
    "field_unmatched": (
        "No field of the desk takes this custom field.",
        "Ningún campo de la cuenta recoge este campo personalizado.",
    ),
    "option_unmatched": ("The desk's field has no such option.", "El campo de la cuenta no tiene esa opción."),
    "value_unfit": ("The desk's field cannot hold this value.", "El campo de la cuenta no admite este valor."),
    "field_not_there": ("{vendor} has no such field.", "{vendor} no tiene ese campo."),
    "left_out_of_placeholder": (
        "A stand-in for an agent without a seat has a name only, so that no mail reaches the person.",
        "El sustituto de un agente sin licencia solo lleva nombre, para que no le llegue ningún correo.",
    ),
    "vendor_fields_not_written": (
        "Fields of the old vendor alone stay in the store.",
        "Los campos propios del proveedor anterior se quedan en el almacén.",
    ),
    "visibility_unknown": (
        "It was not known whether the customer may read it; it became private.",
        "No se sabía si el cliente puede leerlo; pasó a privado.",
    ),
    "unsent_private": ("It was never sent: it became a private note.", "Nunca se envió: pasó a nota privada."),
    "draft_not_written": ("Drafts stay in the store.", "Los borradores se quedan en el almacén."),
    "hidden_not_written": ("Hidden messages stay in the store.", "Los mensajes ocultos se quedan en el almacén."),
    "email_invalid": ("{vendor} would refuse this e-mail address.", "{vendor} rechazaría esta dirección de correo."),
    "name_defaulted": (
        "{vendor} wants a name; another detail stands in.",
        "{vendor} exige un nombre; otro dato ocupa su lugar.",
    ),
    "rating_unanswered": (
        "The survey was sent and nobody answered: there is nothing to write.",
        "La encuesta se envió y nadie respondió: no hay nada que escribir.",
    ),
    "category_unknown": (
        "The source did not tell of the section that it is in: it has no place.",
        "El origen no informó de la sección en que está: no tiene sitio.",
    ),
    "macro_personal": (
        "It was somebody's own: it is not shown to others.",
        "Era de una persona: no se muestra a otros.",
    ),
    "macro_teams_unmatched": (
        "The desk has none of the groups that may use it: it is not shown to others.",
        "La cuenta no tiene ninguno de los grupos que pueden usarla: no se muestra a otros.",
    ),
    "placeholder_unknown": (
        "{vendor} has no such placeholder; it stands in the text as it was.",
        "{vendor} no tiene ese marcador; queda en el texto como estaba.",
    ),
}

_WORDS: Words = {
    "en": {
        "unknown_author": "Unknown author",
        "unknown_person": "Unknown person",
        "unknown_time": "time unknown",
        "no_subject": "(no subject)",
        "no_messages": "The ticket had no message.",
        "subject": "Subject: {}",
        "too_large": "File not moved, too large: {} ({} bytes, SHA-256 {})",
        "linked": "Large file: {} ({} bytes, SHA-256 {}) is kept at {}",
        "in_parts": "File in {} parts, to be put together in their order: {} ({} bytes, SHA-256 {})",
        "missing": "File not moved, it was not downloaded: {}",
        "placeholder": "Stands in for {} of the former desk, who has no seat here.",
        "link.merged_into": "Merged into: {}",
        "link.parent": "Child of: {}",
        "link.related": "Related to: {}",
        "link.follow_up": "Follow-up of: {}",
        "link.problem": "Incident of: {}",
        "rating": "Rating: {}",
    },
    "es": {
        "unknown_author": "Autor desconocido",
        "unknown_person": "Persona desconocida",
        "unknown_time": "fecha desconocida",
        "no_subject": "(sin asunto)",
        "no_messages": "El ticket no tenía mensajes.",
        "subject": "Asunto: {}",
        "too_large": "Archivo no trasladado, demasiado grande: {} ({} bytes, SHA-256 {})",
        "linked": "Archivo grande: {} ({} bytes, SHA-256 {}) se guarda en {}",
        "in_parts": "Archivo en {} partes, que se unen en su orden: {} ({} bytes, SHA-256 {})",
        "missing": "Archivo no trasladado, no se había descargado: {}",
        "placeholder": "Representa a {} de la cuenta anterior, que aquí no tiene licencia.",
        "link.merged_into": "Fusionado en: {}",
        "link.parent": "Hijo de: {}",
        "link.related": "Relacionado con: {}",
        "link.follow_up": "Continuación de: {}",
        "link.problem": "Incidente de: {}",
        "rating": "Valoración: {}",
    },
}


def causes_of(vendor: str, own: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[str, str]]:
    """Return cause of loss → sentence in English and in Spanish: what all say, and what only this vendor says."""
    shared = {cause: (english.format(vendor=vendor), spanish.format(vendor=vendor))
              for cause, (english, spanish) in _CAUSES.items()}  # fmt: skip
    return MappingProxyType({**shared, **own})


def words_of(*own: Words) -> Words:
    """Return the words of all and those of one vendor, by language."""
    return MappingProxyType(
        {language: {**shared, **{key: text for each in own for key, text in each[language].items()}}
         for language, shared in _WORDS.items()}
    )  # fmt: skip


def speaker(words: Words) -> Callable[..., str]:
    """Return the function that says a word or sentence in a language, English where that one is not known."""

    def word(language: str, key: str, *values: object) -> str:
        known = words.get(language.partition("-")[0].lower(), words["en"])
        first, *others = known[key].split("{}")
        return first + "".join(f"{value}{rest}" for value, rest in zip(values, others, strict=True))

    return word
