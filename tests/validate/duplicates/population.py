"""A generated account of people, some of them there twice, with the pairs that are one person.

What happens to a double: its e-mail is aliased or mistyped, its phone is written in another form, its name is a
nickname, swapped, or in another script. And there are families who share an address and a number, and twins.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words("""
    Robert William Margaret Elizabeth Michael James Jennifer Katherine Thomas Andrew Daniel Joseph Christopher
    Samuel Rebecca Patricia Susan Deborah Anthony Edward Alexander Nicholas Benjamin Matthew Jonathan Victoria
    Pamela Richard Charles Timothy Gregory Ronald Kenneth Stephen Philip Lawrence Gerald Raymond Zachary
    Abigail Samantha Jessica Francisco Ignacio Enrique Dolores Mercedes Guadalupe Jesus Consuelo Rosario
    Manuel Rafael Beatriz Rocio Lucia Marta Javier Sergio Alvaro Ines Nuria Pablo Adriana Camila Valentina
    Mateo Diego Hannah Greta Lena Jonas Lukas Felix Emil Clara Ida Sophie Chloe Manon Hugo Louis Gabriel
    Arthur Jules Ines Olivia Ava Isla Mia Noah Liam Ethan Mason Logan Aaliyah Imani Kofi Kwame Amara Zainab
    Fatima Yusuf Omar Layla Hassan Ngozi Priya Arjun Rohan Ananya Vikram Sanjay
""")
_NICKNAMES = {
    "Robert": "Bob", "William": "Bill", "Margaret": "Peggy", "Elizabeth": "Liz", "Michael": "Mike", "James": "Jim",
    "Jennifer": "Jenny", "Katherine": "Kate", "Thomas": "Tom", "Andrew": "Andy", "Daniel": "Dan", "Joseph": "Joe",
    "Christopher": "Chris", "Samuel": "Sam", "Rebecca": "Becky", "Patricia": "Pat", "Susan": "Sue", "Deborah": "Debbie",
    "Anthony": "Tony", "Edward": "Ted", "Alexander": "Alex", "Nicholas": "Nick", "Benjamin": "Ben", "Matthew": "Matt",
    "Victoria": "Vicky", "Richard": "Dick", "Charles": "Chuck", "Timothy": "Tim", "Francisco": "Paco",
    "Ignacio": "Nacho", "Enrique": "Quique", "Dolores": "Lola", "Consuelo": "Chelo", "Rosario": "Charo",
}  # fmt: skip
_SCRIPTS = [
    ("Юрий Ковалёв", "Yuriy Kovalev"), ("Наталья Иванова", "Natalya Ivanova"), ("Дмитрий Соколов", "Dmitry Sokolov"),
    ("Ольга Морозова", "Olga Morozova"), ("Сергей Волков", "Sergey Volkov"), ("Елена Павлова", "Elena Pavlova"),
    ("Γιώργος Παππάς", "Giorgos Pappas"), ("Μαρία Νικολάου", "Maria Nikolaou"), ("José Ángel Ñu", "Jose Angel Nu"),
    ("Łukasz Wójcik", "Lukasz Wojcik"), ("Jürgen Groß", "Jurgen Gross"), ("Søren Jørgensen", "Soren Jorgensen"),
    ("Şeyma Öztürk", "Seyma Ozturk"), ("Dvořáková Tereza", "Dvorakova Tereza"), ("Zoë Lefèvre", "Zoe Lefevre"),
]  # fmt: skip
_STARTS = _words("""
    Al Bar Cas Del Es Fer Gar Hol Ib Jan Kel Lor Mar Nor Ol Pet Quin Ros San Tor Ul Var Wes Yar Zam Brad Crof
    Dun
""")
_MIDDLES = _words("""
    a e i o an en in ar er or al el es is und ing
""")
_ENDS = _words("""
    ton ley man sen son ez ski ova berg field ford well worth ini etti mann stein wood ham ra da no
""")
_STREETS = _words("""
    Oak Elm Mill High Station Church Park Lake Hill River Bridge Castle Garden Market Queen King
""")
_DOMAINS = (
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "acme.example",
    "globex.example",
    "initech.example",
    "mail.example",
)


@dataclass
class Population:
    """People as rows of the table `person`, and the pairs of ids that are one person."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    how: dict[tuple[str, str], str] = field(default_factory=dict)


class Maker:
    """Makes people."""

    def __init__(self, seed: int, connection: str = "old") -> None:
        self.chance, self.connection, self.made = random.Random(seed), connection, Population()
        self._mails: set[str] = set()
        self._ways: tuple[Callable[[dict[str, Any]], None], ...] = (
            self._aliased_mail, self._mistyped_mail, self._other_phone_form, self._nickname, self._swapped, self._moved,
        )  # fmt: skip

    def account(self, size: int, doubles: float = 0.1) -> Population:
        """Return an account of about so many people of whom a share is there twice."""
        while len(self.made.rows) < size:
            lot = self.chance.random()
            if lot < 0.06:
                self._household(self.chance.randint(2, 4))
            elif lot < 0.08:
                self._twins()
            elif lot < 0.085:
                self._two_scripts()
            elif lot < 0.085 + doubles:
                self._double()
            else:
                self._put(self._person())
        self.chance.shuffle(self.made.rows)
        return self.made

    def _family(self) -> str:
        chance = self.chance
        return chance.choice(_STARTS) + chance.choice(_MIDDLES) + chance.choice(_MIDDLES[:6]) + chance.choice(_ENDS)

    def _person(self, **given: Any) -> dict[str, Any]:
        first, last = self.chance.choice(_GIVEN), self._family()
        person = {"first_name": first, "last_name": last, "phone": self._phone(), "address": self._address(), **given}
        person["email"] = given.get("email") or self._mail(person["first_name"], person["last_name"])
        if self.chance.random() < 0.25:
            person[self.chance.choice(("phone", "address"))] = None
        return person

    def _mail(self, first: str, last: str) -> str:
        forms = (
            f"{first}.{last}",
            f"{first[0]}{last}",
            f"{last}.{first}{self.chance.randint(1, 99)}",
            f"{first}_{last}",
        )
        while True:
            found = f"{self.chance.choice(forms)}@{self.chance.choice(_DOMAINS)}".lower()
            found = found if found not in self._mails else found.replace("@", f"{self.chance.randint(1, 9999)}@")
            if found not in self._mails and found.isascii():
                self._mails.add(found)
                return found

    def _phone(self) -> str:
        return f"+34{self.chance.choice('67')}{self.chance.randrange(10**8):08d}"

    def _address(self) -> str:
        chance = self.chance
        street = f"{chance.randint(1, 250)} {chance.choice(_STREETS)} Street"
        return f"{street}\n{chance.randint(10000, 52999)} {self._family()}"

    def _put(self, person: dict[str, Any]) -> str:
        number = len(self.made.rows) + 1
        person = {name: value for name, value in person.items() if not name.startswith("_")}
        first, last = person.pop("first_name"), person.pop("last_name")
        parts = self.chance.random() < 0.5
        row = {
            "id": f"{self.connection}:user:{number}", "connection": self.connection, "vendor": "zendesk",
            "source_object": "user", "source_id": str(number), "content_hash": "h",
            "synced_at": "2026-01-02T03:04:05.000000Z", "role": "end_user",
            "name": person.pop("name", f"{first} {last}"),
            "first_name": first if parts else None, "last_name": last if parts else None, **person,
        }  # fmt: skip
        self.made.rows.append(row)
        return str(row["id"])

    # ------------------------------------------------------------------------------------------------------ doubles

    def _double(self) -> None:
        one = self._person()
        other = dict(one)
        ways = self.chance.sample(self._ways, self.chance.choice((1, 1, 2)))
        if self._aliased_mail not in ways and self._mistyped_mail not in ways:
            ways = [self.chance.choice((self._aliased_mail, self._mistyped_mail)), *ways]
        for way in ways:
            way(other)
        self._pair(one, other, " ".join(way.__name__.strip("_") for way in ways))

    def _pair(self, one: dict[str, Any], other: dict[str, Any], how: str) -> None:
        first, second = sorted((self._put(one), self._put(other)))
        self.made.pairs.add((first, second))
        self.made.how[first, second] = how

    def _aliased_mail(self, person: dict[str, Any]) -> None:
        local, domain = person["email"].split("@")
        dotted = local[:2] + "." + local[2:] if domain == "gmail.com" and self.chance.random() < 0.5 else local
        tag = "" if dotted != local else f"+{self.chance.choice(('shop', 'support', 'news', 'x1'))}"
        person["email"] = f"{dotted}{tag}@{domain}"

    def _mistyped_mail(self, person: dict[str, Any]) -> None:
        local, domain = person["email"].split("@")
        at = self.chance.randrange(len(local) - 1)
        typo = self.chance.choice((
            local[:at] + local[at + 1] + local[at] + local[at + 2 :], local[:at] + local[at + 1 :],
            local[:at] + local[at] + local[at:],
        ))  # fmt: skip
        wrong = {"gmail.com": "gmial.com", "outlook.com": "outlok.com", "yahoo.com": "yaho.com"}
        if domain in wrong and self.chance.random() < 0.4:
            typo, domain = local, wrong[domain]
        person["email"] = f"{typo}@{domain}"

    def _other_phone_form(self, person: dict[str, Any]) -> None:
        phone = person["phone"]
        if phone is not None:
            bare = phone[3:]
            person["phone"] = self.chance.choice((
                bare, f"{bare[:3]} {bare[3:6]} {bare[6:]}", f"0034 {bare}", f"(+34) {bare[:3]}-{bare[3:]}",
                f"+34 {bare}",
            ))  # fmt: skip

    def _nickname(self, person: dict[str, Any]) -> None:
        person["first_name"] = _NICKNAMES.get(person["first_name"], person["first_name"])

    def _swapped(self, person: dict[str, Any]) -> None:
        person["first_name"], person["last_name"] = person["last_name"], person["first_name"]

    def _moved(self, person: dict[str, Any]) -> None:
        person["address"] = self._address()

    def _two_scripts(self) -> None:
        native, latin = self.chance.choice(_SCRIPTS)
        words = latin.split()
        one = self._person(first_name=words[0], last_name=" ".join(words[1:]), name=native)
        other = {**one, "name": latin}
        self._aliased_mail(other)
        one["first_name"], one["last_name"] = native.split()[0], " ".join(native.split()[1:])
        self._pair(one, other, "two_scripts")

    # ------------------------------------------------------------------------------------------- who are two people

    def _household(self, size: int) -> None:
        family, address, phone = self._family(), self._address(), self._phone()
        for first in self.chance.sample(_GIVEN, size):
            self._put(self._person(first_name=first, last_name=family, address=address, phone=phone))

    def _twins(self) -> None:
        family, address, phone = self._family(), self._address(), self._phone()
        birthday = {
            "birthday": f"19{self.chance.randint(50, 99)}-0{self.chance.randint(1, 9)}-{self.chance.randint(10, 28)}"
        }
        for first in self.chance.sample(_GIVEN, 2):
            self._put(
                self._person(first_name=first, last_name=family, address=address, phone=phone, custom_fields=birthday)
            )
