"""What is said of what stands beside tickets: the knowledge base, macros, ratings, time entries."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "rating_as_note": (
            "The desk has no active survey: the rating stands in a private note with its date.",
            "La cuenta no tiene ninguna encuesta activa: la valoración está en una nota privada con su fecha.",
        ),
        "rating_date_in_text": (
            "Freshdesk dates ratings itself and takes the requester for the one who rated; the text tells both.",
            "Freshdesk fecha las valoraciones y toma al solicitante por quien valoró; el texto dice ambos.",
        ),
        "rating_rescaled": (
            "The survey has other steps; the nearest was taken, the text names the old one.",
            "La encuesta tiene otros grados; se tomó el más cercano, el texto nombra el antiguo.",
        ),
        "time_entry_as_note": (
            "The plan has no time tracking: the time stands in a private note.",
            "El plan no tiene registro de tiempo: el tiempo está en una nota privada.",
        ),
        "time_rounded": (
            "Freshdesk counts whole minutes.",
            "Freshdesk cuenta minutos enteros.",
        ),
        "time_agent_in_text": (
            "Only an agent can have worked; the text names the person.",
            "Solo puede haber trabajado un agente; el texto nombra a la persona.",
        ),
        "hierarchy_flattened": (
            "Freshdesk has categories and folders: what lay deeper became a folder that names those above it.",
            "Freshdesk tiene categorías y carpetas: lo que estaba más hondo pasó a carpeta que nombra las de encima.",
        ),
        "folder_by_readers": (
            "Who may read is a matter of the folder: there is one for each kind of readers, and its name says so.",
            "Quién puede leer depende de la carpeta: hay una por cada clase de lectores, y su nombre lo dice.",
        ),
        "empty_folder_not_written": (
            "A section without articles stays behind.",
            "Una sección sin artículos se queda.",
        ),
        "visibility_narrowed": (
            "It was for named groups, or for whom is not known: agents alone may read it.",
            "Era para grupos concretos, o no se sabe para quién: solo lo leen los agentes.",
        ),
        "language_is_the_desks": (
            "Freshdesk keeps the first text of an article under the desk's own language.",
            "Freshdesk guarda el primer texto de un artículo bajo el idioma propio de la cuenta.",
        ),
        "language_swapped": (
            "The translation into the desk's own language became the article, and the article its translation.",
            "La traducción al idioma propio de la cuenta pasó a ser el artículo, y el artículo su traducción.",
        ),
        "author_not_agent": (
            "Only an agent can have written an article; it is under the name of the key's owner.",
            "Solo puede haberlo escrito un agente; está a nombre del dueño de la clave.",
        ),
        "title_cut": (
            "Titles and names end at 255 characters.",
            "Los títulos y nombres acaban en 255 caracteres.",
        ),
        "administrator_needed": (
            "Only an administrator's key may create it.",
            "Solo puede crearlo la clave de un administrador.",
        ),
        "macro_without_text": (
            "A canned response is a text: a macro that has none stays in the inventory.",
            "Una respuesta predefinida es un texto: una macro que no lo tiene se queda en el inventario.",
        ),
        "macro_actions_not_written": (
            "A canned response is a text: what the macro did beside stays in the inventory.",
            "Una respuesta predefinida es un texto: lo demás que hacía la macro se queda en el inventario.",
        ),
        "update_not_possible": (
            "It changed after it had crossed, and the API cannot change it there.",
            "Cambió después de trasladarse, y la API no puede cambiarlo allí.",
        ),
    }
)
"""Causes of losses with their words in English and Spanish."""

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "readers.1": "for everybody",
            "readers.2": "for whoever is signed in",
            "readers.3": "for agents",
            "rating_scale": "{} on a scale from {} to {}",
            "rating_reason": "Reason: {}",
            "time_entry": "Time: {} minutes",
            "billable": "billable",
            "not_billable": "not billable",
        },
        "es": {
            "readers.1": "para todos",
            "readers.2": "para quien ha iniciado sesión",
            "readers.3": "para agentes",
            "rating_scale": "{} en una escala de {} a {}",
            "rating_reason": "Motivo: {}",
            "time_entry": "Tiempo: {} minutos",
            "billable": "facturable",
            "not_billable": "no facturable",
        },
    }
)
