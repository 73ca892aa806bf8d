"""What people write in a generated account: five languages, mail programs' HTML, quotes, signatures."""

from __future__ import annotations

import html
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from deskferry.simulators.account.phrases import (
    ASTRAL,
    CUSTOMER,
    GREETING,
    NOTE,
    OPENING,
    REPLY,
    RTL,
    SIGNATURE,
    SUBJECT,
    THANKS,
)

Style = Literal["mail", "quoted", "web", "reply", "note", "empty", "huge", "astral", "merge"]
HUGE_LENGTH: Final = 65_300  # beyond 64,000, and within the 65,535 that the strictest desk takes


class Body(NamedTuple):
    """A message as plain text and as HTML."""

    text: str
    html: str


@dataclass(frozen=True, slots=True)
class TextRecipe:
    """All that a text is made from."""

    seed: int
    language: str
    style: Style
    writer: str = ""
    images: tuple[int, ...] = ()
    ticket: int = 0
    first: bool = False
    other: int = 0
    """Another ticket that a note links to; 0 for none."""


def subject(seed: int, language: str, style: Style) -> str:
    """Return the subject of a ticket."""
    rng = random.Random(seed)
    text = rng.choice(SUBJECT[language]).format(order=rng.randrange(10_000, 99_999))
    return f"{text} {ASTRAL}" if style == "astral" else text


@lru_cache(maxsize=512)
def compose(recipe: TextRecipe) -> Body:
    """Return the text of a message: the same for the same recipe."""
    rng = random.Random(recipe.seed)
    if recipe.style == "empty":
        return Body("", "")
    if recipe.style == "merge":
        text = f"Ticket #{recipe.ticket} was merged with this one. Its last message follows here."
        return Body(text, f"<p>{text}</p>")
    paragraphs = _paragraphs(recipe, rng)
    text = "\n\n".join(paragraphs)
    markup = "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    for image in recipe.images:
        text += f"\n\n![]({{{{file:{image}}}}})"
        markup += f'<p><img src="{{{{file:{image}}}}}" alt="screenshot" style="max-width:600px"></p>'
    if recipe.language in RTL:
        markup = f'<div dir="rtl">{markup}</div>'
    if recipe.other:
        place = f"{{{{ticket:{recipe.other}}}}}"
        text += f"\n\n{place}"
        markup += f'<p><a href="{place}">{place}</a></p>'
    if recipe.style == "quoted":
        quoted = CUSTOMER[recipe.language][0]
        text += f"\n\nOn Tue, Jan 14, support wrote:\n> {quoted}\n> -- \n> Support"
        markup = _mail_client(markup, quoted, rng)
    return Body(text, markup)


def _paragraphs(recipe: TextRecipe, rng: random.Random) -> list[str]:
    language = recipe.language
    order = f"A-{rng.randrange(10_000, 99_999)}"
    if recipe.style == "note":
        return [rng.choice(NOTE[language]).format(order=order)]
    bank = REPLY[language] if recipe.style == "reply" else (OPENING if recipe.first else CUSTOMER)[language]
    count = rng.choice((1, 1, 2, 3))
    paragraphs = [GREETING[language], *(rng.choice(bank).format(order=order) for _ in range(count))]
    if recipe.style == "astral":
        paragraphs.append(ASTRAL)
    if recipe.style == "huge":
        paragraphs += _filler(HUGE_LENGTH - sum(len(part) + 2 for part in paragraphs) - 200, rng)
    paragraphs.append(f"{THANKS[language]}\n{recipe.writer}".rstrip())
    if recipe.style == "reply":
        paragraphs.append(SIGNATURE[language].format(name=recipe.writer))
    return paragraphs


def _filler(length: int, rng: random.Random) -> list[str]:
    lines: list[str] = []
    while length > 0:
        minute, worker = rng.randrange(60), rng.randrange(99)
        line = f"2025-03-30 02:{minute:02d}:00 WARN <worker-{worker}> retry & wait \\u0007 ok"
        lines.append(line[:length])
        length -= len(line) + 2
    return lines


def _mail_client(markup: str, quoted: str, rng: random.Random) -> str:
    """Return a message as one of three mail programs sends it: with its markup and the quoted tail."""
    tail = html.escape(quoted, quote=False)
    gmail = (
        f'<div dir="ltr">{markup}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        "On Tue, Jan 14, Support &lt;support@acme.example&gt; wrote:<br></div>"
        '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">'
        f"{tail}</blockquote></div>"
    )
    outlook = (
        f'<div class="WordSection1">{markup}<o:p></o:p><div style="border:none;border-top:solid #E1E1E1 1pt">'
        f"<p class=MsoNormal><b>From:</b> Support<br><b>Subject:</b> RE: ticket</p></div><p>{tail}</p></div>"
    )
    phone = f'{markup}<br>--<br><i>Sent from my phone</i><blockquote type="cite">{tail}</blockquote>'
    return rng.choice((gmail, outlook, phone))
