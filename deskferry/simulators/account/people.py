"""The people and organizations of a generated account, each a pure function of the seed and its key."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any, Final

from deskferry.simulators.account.model import Organization, Person
from deskferry.simulators.account.phrases import LANGUAGES

DAY: Final = 86_400
_FIRST: Final = {
    "en": ("Olivia", "Noah", "Amelia", "Liam", "Grace", "Ethan"),
    "es": ("Lucía", "Hugo", "Martina", "Íñigo", "Nuria", "Javier"),
    "de": ("Jürgen", "Anna", "Lukas", "Käthe", "Björn", "Sören"),
    "ja": ("陽菜", "蓮", "結衣", "大翔", "さくら", "健太"),
    "ar": ("محمد", "فاطمة", "أحمد", "مريم", "يوسف", "ليلى"),
}
_LAST: Final = {
    "en": ("O'Brien", "Smith", "Taylor-Jones", "Walker", "McDonald"),
    "es": ("García Núñez", "Peña", "de la Fuente", "Ibáñez", "Muñoz"),
    "de": ("Müller", "Weiß", "Schröder", "von Graß", "Köhler"),
    "ja": ("佐藤", "鈴木", "高橋", "田中", "伊藤"),
    "ar": ("الحسن", "العلي", "منصور", "حداد", "نصر"),
}
_ZONES: Final = {
    "en": "America/New_York",
    "es": "Europe/Madrid",
    "de": "Europe/Berlin",
    "ja": "Asia/Tokyo",
    "ar": "Asia/Dubai",
}
_COMPANY: Final = (
    "Northwind",
    "Contoso",
    "Ferretería Núñez",
    "Bäckerei Groß",
    "さくら商事",
    "Fabrikam",
    "Initech",
)
_AGENTS: Final = (
    "Ana Ruiz",
    "Tom Baker",
    "Mika Sato",
    "Jonas Weber",
    "Rana Haddad",
    "Eva Old",
    "Max Gone",
    "Lia Light",
)

# The odd customers, counted from the first one: who has what wrong.
ODD: Final = {
    0: "duplicate_a",
    1: "duplicate_b",
    2: "no_email",
    3: "no_name",
    4: "suspended",
    5: "deleted",
    6: "erased",
    7: "spammer",
    8: "phone_only",
    9: "many_organizations",
    10: "former_agent",
}


class Population:
    """Who is there: agents first, then customers."""

    def __init__(self, seed: int, tickets: int, start: int, now: int, ugly: bool) -> None:
        self.seed = seed
        self.start = start
        self.now = now
        self.ugly = ugly
        self.agents = 8 + min(tickets // 5000, 40)
        self.customers = max(20, tickets * 2 // 5)
        self.organizations = max(4, self.customers // 12)
        self.person = lru_cache(maxsize=8192)(self._person)

    @property
    def people(self) -> int:
        """How many people there are."""
        return self.agents + self.customers

    def odd(self, what: str) -> int:
        """Return the key of an odd customer."""
        return self.agents + 1 + next(place for place, name in ODD.items() if name == what)

    def working_agent(self, rng: random.Random) -> int:
        """Return an agent who is still there; 6 and 7 have left, 8 only writes notes."""
        key = rng.randrange(1, self.agents - 2)
        return key if key < 6 else key + 3

    def customer(self, rng: random.Random) -> int:
        """Return a customer; a few write often."""
        return self.agents + 1 + int(self.customers * rng.random() ** 1.6)

    def organization(self, key: int) -> Organization:
        """Return an organization."""
        rng = random.Random(f"{self.seed}/organization/{key}")
        name = f"{_COMPANY[key % len(_COMPANY)]} {key}"
        if self.ugly and key == 2:
            name = f"  {_COMPANY[1].upper()} {key} GmbH & Co. KG"
        created = self.start - rng.randrange(400 * DAY)
        return Organization(
            key=key,
            name=name.strip(),
            domains=(f"company{key}.example",) if key % 3 else (f"company{key}.example", f"mail.company{key}.example"),
            created_at=created,
            updated_at=created + rng.randrange(self.now - created - DAY),
            external_id=f"crm-{key:05d}" if key % 2 else None,
            details="Line one\nLine two" if key % 4 == 0 else "",
            notes="Pays late." if key % 5 == 0 else "",
            tags=("vip",) if key % 6 == 0 else (),
            fields={
                "tier": ("gold", "silver", None)[key % 3],
                "seats": rng.randrange(500),
                "renewal": "2025-10-26",
            },
        )

    def _person(self, key: int) -> Person:
        if key <= self.agents:
            return self._agent(key)
        return self._odd_customer(key) or self._customer(key)

    def _agent(self, key: int) -> Person:
        name = _AGENTS[key - 1] if key <= len(_AGENTS) else f"Agent Núm. {key}"
        rng = random.Random(f"{self.seed}/person/{key}")
        gone = key in (6, 7)
        return Person(
            key=key,
            name=name,
            role="admin" if key == 1 else "light_agent" if key == 8 else "agent",
            created_at=self.start - 500 * DAY + key * 60,
            updated_at=self.now - rng.randrange(DAY, 200 * DAY),
            emails=(f"agent{key}@acme.example",),
            groups=() if key == 7 else tuple(sorted({1, 1 + key % 3})),
            language="es" if key % 3 == 0 else "en",
            timezone="America/New_York" if key % 2 else "Europe/Madrid",
            active=not gone,
            alias=name.split()[0] if key % 2 else None,
            signature=f"{name}\nAcme support" if key % 2 else None,
            last_login_at=None if gone else self.now - rng.randrange(DAY),
        )

    def language(self, key: int) -> str:
        """Return the language that a person writes, without making the person."""
        if not self.ugly:
            return "en"
        return LANGUAGES[(0, 0, 0, 1, 1, 2, 3, 0, 4, 0)[key * 7 % 10]]

    def _customer(self, key: int, **changed: Any) -> Person:
        rng = random.Random(f"{self.seed}/person/{key}")
        language = self.language(key)
        name = f"{rng.choice(_FIRST[language])} {rng.choice(_LAST[language])}"
        organization = (key * 31 % self.organizations + 1) if rng.random() < 0.6 else None
        domain = f"company{organization}.example" if organization else "mail.example"
        created = self.start - rng.randrange(300 * DAY)
        values: dict[str, Any] = {
            "name": name,
            "created_at": created,
            "updated_at": created + rng.randrange(self.now - created - DAY),
            "emails": (f"customer{key}@{domain}",),
            "phones": (f"+346{key:08d}",) if key % 4 == 0 else (),
            "organizations": (organization,) if organization else (),
            "language": language,
            "timezone": _ZONES[language],
            "external_id": f"shop-{key}" if key % 5 == 0 else None,
            "verified": key % 3 != 0,
            "tags": ("newsletter",) if key % 9 == 0 else (),
            "fields": {
                "plan": ("free", "pro", None)[key % 3],
                "birthday": "1980-02-29" if key % 7 == 0 else None,
            },
            "last_login_at": self.now - rng.randrange(90 * DAY) if key % 3 == 0 else None,
        }
        if self.ugly and key % 25 == 0:
            values["emails"] += (f"c{key}@private.example",)
        return Person(key=key, role="customer", **(values | changed))

    def _odd_customer(self, key: int) -> Person | None:
        what = ODD.get(key - self.agents - 1) if self.ugly else None
        changes: dict[str, dict[str, Any]] = {
            "duplicate_a": {
                "name": "María José Fernández",
                "emails": ("mj.fernandez@company1.example",),
                "phones": ("+34 600 12 34 56",),
                "organizations": (1,),
            },
            "duplicate_b": {
                "name": "Maria Jose FERNANDEZ",
                "emails": ("MJFernandez@gmail.example",),
                "phones": ("600123456",),
                "organizations": (),
            },
            "no_email": {"name": "Walk-in customer", "emails": (), "phones": (), "twitter": "walkin"},
            "no_name": {"name": "-", "emails": ("x@y.example",)},
            "suspended": {"suspended": True},
            "deleted": {"active": False},
            "erased": {
                "name": "Permanently Deleted User",
                "emails": (),
                "phones": (),
                "active": False,
                "erased": True,
            },
            "spammer": {"name": "💰 W1N N0W 💰", "emails": ("win@spam.example",), "suspended": True},
            "phone_only": {"name": "+1 (212) 555-0143", "emails": (), "phones": ("+12125550143",)},
            "many_organizations": {"organizations": (1, 2, 3)},
            "former_agent": {"notes": "Worked here until 2024", "emails": ("former@acme.example",)},
        }
        return self._customer(key, **changes[what]) if what else None
