"""By flag, texts that have it and texts that look alike and do not. Precision matters more than recall."""

from __future__ import annotations

import pytest

from deskferry.text_flags import Flag, Reading, scan

HOSTILE: dict[Flag, tuple[str, ...]] = {
    Flag.CARD_NUMBER: (
        "my card 4111 1111 1111 1111 exp 12/27",
        "4242424242424242",
        "Visa: 4111-1111-1111-1111.",
        "Amex 3782 822463 10005",
        "5555555555554444, cvc 123",
        "(4012888888881881)",
        "MC 2223 0031 2200 3222 12/29 123",
        '{"cf_note":"6011111111111117"}',
        "tarjeta 4111\u00a01111\u00a01111\u00a01111 por favor",
        "card for order 17: 4111111111111111",
        "卡号：4111111111111111",
    ),
    Flag.NATIONAL_ID: (
        "My DNI is 12345678Z.",
        "NIF: 12.345.678-Z",
        "dni 12345678z",
        "el NIE X1234567L caducó",
        "Documento de identidad 00000000T",
        "SSN 123-45-6789",
        "her social security number is 123 45 6789",
        "IBAN ES91 2100 0418 4502 0005 1332, gracias",
        "NL91ABNA0417164300",
        "pay to GB29 NWBK 6016 1331 9268 19 TODAY",
        "FR1420041010050500013M02606",
        "meu CPF 529.982.247-25",
    ),
    Flag.PASSWORD: (
        "password: hunter2",
        "Password = Summer2024!",
        "my password is hunter2 ok",
        "the new passwd: x9$kkq",
        "Contraseña: perro2024",
        "mi contraseña es Perro-2024",
        "clave: abc123xyz",
        "pwd:Zx81pp",
        'PASSWORD: "Tr0ub4dor"',
        "user: bob pass: qwe123",
        "password: 12345678",
        "password: correctHorse",
    ),
    Flag.SECRET: (
        "key AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "-----BEGIN PRIVATE KEY-----",
        "sk_live_" + "4eC39HqLyjWDarjt",
        "xoxb-" + "123456789012-abcdefghijklmnop",
        "AIza" + "SyA-1234567890abcdefghijklmnopqrstu",
        "glpat-" + "abcdefghij0123456789",
        "shpat_" + "0123456789abcdef" * 2,
        "SG." + "a" * 22 + "." + "b" * 43,
    ),
    Flag.MOJIBAKE: (
        "Gracias por su contestaciÃ³n",
        "itâ€™s broken",
        "Price 10â‚¬",
        "GrÃ¼ÃŸe",
        "EspaÃ±a y PerÃº",
        "aquÃ\u00ad estÃ¡",
        "100Â£ or 5Â°C",
        "helloÂ\u00a0world",
        "ðŸ˜€ thanks",
        "Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
        "РџСЂРёРІРµС‚",
        "æ—¥æœ¬èªž",
        "ã\u0081“ã‚“ã\u0081«",
        "PaÅ‚acu",
        "CÃ´te d’Ivoire",
        "â€œquotedâ€\u009d",
    ),
    Flag.REPLACEMENT_CHARACTER: ("caf\ufffd", "\ufffd\ufffd", "na\ufffdve text"),
    Flag.CONTROL_CHARACTER: ("a\x08b", "\x1b[31mred", "x\x00y", "del\x7f"),
    Flag.TEMPLATE: (
        "Hello {{ticket.requester.first_name}},",
        "your ticket {{ ticket.id }} was closed",
        "{{dc.signature}}",
        "Hi {%customer.firstName,fallback=there%}",
        "Re: ${Cases.Subject}",
        "Hi {{first_name | fallback: 'there'}}",
        "{{contact.firstname}}",
    ),
    Flag.HTML_IN_PLAIN: (
        "<p>Hello <b>there</b></p>",
        "line one<br>line two<br/>line three",
        '<div class="x">text</div>',
        "<BR><BR>",
    ),
    Flag.ENTITY_IN_PLAIN: ("Don&#39;t do that", "a&nbsp;b", "Tom &amp; Jerry", "&lt;p&gt;"),
}  # fmt: skip

HARMLESS: dict[Flag, tuple[str, ...]] = {
    Flag.CARD_NUMBER: (
        "4111 1111 1111 1112",
        "tracking number 4111111111111111",
        "order #4111111111111111",
        "https://shop.example.com/o/4111111111111111",
        "?id=4111111111111111&x=1",
        "ABC-4111111111111111",
        "41111111111111111111",
        "4111 1111 1111 1111 1111 1111",
        "phone +1 555 201 3344 ext 1234",
        "IMEI: 490154203237518",
        "0000 0000 0000 0000",
        "2026-01-31 12:00:00 2026-02-01 13:00:00",
        "seguimiento del envío 4242424242424242",
        "1234567890123456",
        "aa4111111111111111bb",
        '{"4111111111111111":1}'.replace("4111111111111111", "360012345678"),
    ),
    Flag.NATIONAL_ID: (
        "My DNI is 12345678A",
        "part 12345678Z in stock",
        "tracking X1234567L",
        "123-45-6789",
        "SSN 000-12-3456",
        "SSN 666-12-3456 and 900-12-3456",
        "IBAN ES91 2100 0418 4502 0005 1333",
        "NL91ABNA04171643001",
        "CPF 111.111.111-11 ou 529.982.247-26",
        "ssn A-123-45-6789",
        "GB29 NWBK",
        "https://x.example/ES9121000418450200051332",
        "version 12.345.678",
    ),
    Flag.PASSWORD: (
        "password reset: https://acme.example.com/reset?t=1a2b3c4d",
        "Password: ********",
        "password: {{temporary1}}",
        "your password is case-sensitive",
        "the password is wrong",
        "password: reset link sent",
        "Password must be: 8 characters",
        "la contraseña es incorrecta",
        "contraseña: <oculta1>",
        "password: env:ZENDESK_TOKEN1",
        "Clave: importante",
        "by-pass: yes",
        "compass: N3",
        "password is 8 characters long",
        "pass: 2026-01-31",
        "password (forgotten)",
    ),
    Flag.SECRET: (
        "AKIAIOSFODNN7",
        "ghp_short",
        "sk_test_" + "4eC39HqLyjWDarjt",
        "eyJ is how a token begins",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "-----Original Message-----",
        "my_ghp_variable = 1",
        "snake_case_live_value",
        "xoxo, Anna",
        "ticket_live_1234567890123456",
        "SG. is a vegetable company",
    ),
    Flag.MOJIBAKE: (
        "NÃO É POSSÍVEL, AMANHÃ",
        "\u201cAMANH\u00c3\u201d",
        "\u00abAMANH\u00c3\u00bb",
        "AMANH\u00c3\u2026 ou não",
        "São Paulo não é “capital”",
        "Gâteau à l’été, s’il vous plaît — « dès demain »",
        "Château… é – è” ê’",
        "l’accent « Â » et « Ã »",
        "Größe, Straße, Ärger: „Ä“",
        "ÅÄÖ smörgås på ön",
        "El ñandú y la ÑOÑA",
        "Žluťoučký kůň úpěl ďábelské ódy",
        "zażółć gęślą jaźń, „ół”",
        "Привет — «мир», ёлка РОССИЯ",
        "Різдво Сіль",
        "日本語のテキスト、。",
        "emoji 😀👍🏽 ok",
        "Việt Nam: Ấn Độ, Ôn Â",
        "România: câine, Î, Â",
        "það er ð",
        "10 € – 5 £ ½ © ® ° ±",
        "مرحبا بالعالم",
        "Ðe Øresund Ù",
    ),
    Flag.REPLACEMENT_CHARACTER: ("café?", "?", "□", "naïve", "\uffef", "￼"),
    Flag.CONTROL_CHARACTER: ("a\tb", "a\r\nb", "a\u00a0b", "a\u200bb", "plain", "é"),
    Flag.TEMPLATE: (
        "{{ item.name }} in my Jinja template",
        "{ticket.id}",
        "{{}}",
        "{% if user %}",
        "${HOME}/bin",
        "function() { return {a: {b: 1}}; }",
        "{{#each rows}}",
        "ticket.id",
    ),
    Flag.HTML_IN_PLAIN: (
        "totals < 0 & a blank page",
        "use <b> for bold",
        "Ann <ann@example.com> wrote",
        "<3 <3 <3",
        "if (a<b && c>d)",
        "<https://example.com/p> <https://example.com/b>",
        "<placeholder> and <another>",
    ),
    Flag.ENTITY_IN_PLAIN: ("a & b", "R&D; more", "AT&T", "?a=1&b=2", "&ampersand", "&;", "fish &chips;"),
}


@pytest.mark.parametrize("flag", HOSTILE)
def test_texts_that_have_a_flag(flag: Flag) -> None:
    missed = [text for text in HOSTILE[flag] if flag not in (scan(text) or {})]
    assert not missed


@pytest.mark.parametrize("flag", HARMLESS)
def test_texts_that_look_alike_and_have_none(flag: Flag) -> None:
    assert len(HARMLESS[flag]) >= 6
    alarms = [text for text in HARMLESS[flag] if flag in (scan(text) or {})]
    assert not alarms


def test_the_tables_have_every_flag_of_a_text() -> None:
    of_whole_records = {Flag.BLANK, Flag.CUT_OFF, Flag.QUOTED_ONLY}
    assert set(HOSTILE) == set(HARMLESS) == set(Flag) - of_whole_records


def test_flags_are_counted() -> None:
    text = "4111 1111 1111 1111 and 5555555555554444, EspaÃ±a, PerÃº: <p>a</p>"
    assert scan(text) == {Flag.CARD_NUMBER: 2, Flag.MOJIBAKE: 2, Flag.HTML_IN_PLAIN: 2}
    assert scan(text, Reading.MARKUP) == {Flag.CARD_NUMBER: 2, Flag.MOJIBAKE: 2}
    assert scan("Hi {{ticket.id}}", Reading.TEMPLATE) is None
