"""Phrases by language. `{order}` is an order number, `{name}` the writer."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "es", "de", "ja", "ar")
RTL: Final = frozenset({"ar"})
ASTRAL: Final = "🧑🏽‍💻🚀 𝔊𝔬𝔱𝔥𝔦𝔠 𠜎𠜱 👩‍👩‍👧‍👦 ﷽ e\u0301"

GREETING: Final = {
    "en": "Hello,",
    "es": "Hola:",
    "de": "Guten Tag,",
    "ja": "お世話になっております。",
    "ar": "مرحبًا،",
}
THANKS: Final = {
    "en": "Thanks,",
    "es": "Gracias,",
    "de": "Mit freundlichen Grüßen",
    "ja": "よろしくお願いします。",
    "ar": "شكرًا،",
}
SIGNATURE: Final = {
    "en": "{name} | Customer support",
    "es": "{name} | Atención al cliente",
    "de": "{name} | Kundendienst",
    "ja": "{name} サポート担当",
    "ar": "{name} | خدمة العملاء",
}
SUBJECT: Final = {
    "en": (
        "Order {order} has not arrived",
        "Refund for {order}?",
        "Cannot sign in since the update",
        "Invoice {order} is wrong",
        "Re: Fwd: your delivery & my address <urgent>",
        "How do I export my data",
    ),
    "es": (
        "El pedido {order} no ha llegado",
        "Devolución de {order}",
        "No puedo iniciar sesión",
        "Factura {order} errónea",
    ),
    "de": (
        "Bestellung {order} ist nicht angekommen",
        "Rückerstattung {order}",
        "Anmeldung schlägt fehl",
        "Größe ändern",
    ),
    "ja": (
        "注文{order}が届きません",
        "返金について（{order}）",
        "ログインできません",
        "請求書{order}の修正依頼",
    ),
    "ar": ("الطلب {order} لم يصل", "استرداد {order}", "لا أستطيع تسجيل الدخول", "خطأ في الفاتورة {order}"),
}
OPENING: Final = {
    "en": (
        "My order {order} should have been here last week. Where is it?",
        "I was charged twice for {order}. Please check and refund one of the payments.",
        'The page says "access denied" when I log in with my work address; it worked on Friday.',
        "The screenshot shows what I mean: totals < 0 & a blank page.",
    ),
    "es": (
        "Mi pedido {order} tenía que llegar la semana pasada. ¿Dónde está?",
        "Me habéis cobrado dos veces el pedido {order}.",
        "La aplicación se cierra sola desde la última actualización, ¿qué hago?",
    ),
    "de": (
        "meine Bestellung {order} hätte letzte Woche ankommen sollen. Wo bleibt sie?",
        "für {order} wurde zweimal abgebucht. Bitte prüfen Sie das.",
        "seit dem Update stürzt die App beim Öffnen ab – was nun?",
    ),
    "ja": (
        "注文{order}がまだ届いていません。ご確認ください。",
        "{order}の料金が二重に請求されています。",
        "更新後、アプリが起動しません。",
    ),
    "ar": (
        "كان من المفترض أن يصل طلبي {order} الأسبوع الماضي.",
        "تم خصم مبلغ {order} مرتين.",
        "التطبيق لا يعمل منذ التحديث.",
    ),
}
CUSTOMER: Final = {
    "en": (
        "That did not help, the same error again.",
        "Perfect, it works now.",
        "Any news on {order}?",
        "I have attached what you asked for.",
        "Sorry, I meant {order}; the number before was a typo.",
    ),
    "es": ("Sigue igual, el mismo error.", "Perfecto, ya funciona.", "¿Hay novedades de {order}?"),
    "de": ("Das hat leider nicht geholfen.", "Danke, jetzt läuft es.", "Gibt es Neues zu {order}?"),
    "ja": ("同じエラーが出ます。", "解決しました。ありがとうございます。", "{order}の件はいかがでしょうか。"),
    "ar": ("لا يزال الخطأ نفسه يظهر.", "ممتاز، يعمل الآن.", "هل من جديد بخصوص {order}؟"),
}
REPLY: Final = {
    "en": (
        "I have checked {order} with the warehouse: it leaves today.",
        "Could you send us a screenshot and the browser that you use?",
        "The refund for {order} is on its way; it takes three to five working days.",
        "Please clear the cache and sign in again.",
    ),
    "es": (
        "He consultado {order} con el almacén: sale hoy.",
        "¿Nos puedes enviar una captura de pantalla?",
        "La devolución de {order} está en camino.",
    ),
    "de": (
        "ich habe {order} mit dem Lager geprüft: Versand ist heute.",
        "könnten Sie uns einen Screenshot schicken?",
        "die Rückerstattung für {order} ist unterwegs.",
    ),
    "ja": (
        "{order}を倉庫に確認しました。本日発送いたします。",
        "画面のスクリーンショットをお送りいただけますか。",
        "{order}の返金手続きを行いました。",
    ),
    "ar": (
        "تحققت من {order} مع المستودع: سيُشحن اليوم.",
        "هل يمكنك إرسال لقطة شاشة؟",
        "استرداد {order} في الطريق.",
    ),
}
NOTE: Final = {
    "en": (
        "Called the warehouse about {order}, waiting for an answer.",
        "VIP, handle with care. See {order}.",
        "dup?",
    ),
    "es": ("He llamado al almacén por {order}.", "Cliente VIP, ojo.", "¿duplicado?"),
    "de": ("Lager wegen {order} angerufen.", "VIP-Kunde, bitte vorsichtig.", "Dublette?"),
    "ja": ("倉庫に{order}を問い合わせ中。", "VIPのお客様です。", "重複？"),
    "ar": ("اتصلت بالمستودع بخصوص {order}.", "عميل مهم.", "مكرر؟"),
}
