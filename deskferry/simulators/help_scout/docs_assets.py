"""Files of articles: uploaded as forms, served without a key. Articles can be uploaded as files too."""

from __future__ import annotations

import html
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import quote

from deskferry.simulators.help_scout import docs_articles, given
from deskferry.simulators.help_scout import docs_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, refused, wrong
from deskferry.simulators.help_scout.routing import Call, Route
from deskferry.simulators.kernel import SimRequest, SimResponse, json_response

# The vendor's own files are on a content network; no source says where.
ASSETS = "/docs-assets/"
_TYPES = {"article": ("image", "attachment"), "settings": ("logo", "favicon", "touchicon")}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    name: str
    content_type: str
    data: bytes


def _form(request: SimRequest) -> tuple[dict[str, str], Upload | None]:
    """Return the texts and the file of a form; raises the 415 of a body that is none."""
    kind = request.headers.get("content-type", "")
    if "multipart/form-data" not in kind:
        raise refused(415)
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    texts: dict[str, str] = {}
    upload: Upload | None = None
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        raw = part.get_payload(decode=True)
        data = raw if isinstance(raw, bytes) else b""
        if part.get_filename() is None:
            texts[str(name)] = data.decode("utf-8", "replace")
        else:
            upload = Upload(str(part.get_filename()), part.get_content_type(), data)
    return texts, upload


def keep(account: Account, name: str, content_type: str, data: bytes) -> str:
    """Store a file; return its link."""
    row: Row = {"name": name, "content_type": content_type, "_sha256": account.blobs.put(data), "size": len(data)}
    stored = store.add(account, "assets", row)
    return f"{account.settings.docs_origin}{ASSETS}{stored['id']}/{quote(name)}"


def serve(account: Account, request: SimRequest) -> SimResponse | None:
    """Answer a request for a file; None when the path is another."""
    if not request.path.startswith(ASSETS):
        return None
    row = account.docs["assets"].get(request.path.removeprefix(ASSETS).split("/")[0])
    if row is None or request.method != "GET":
        return SimResponse(404)
    return SimResponse(200, account.blobs.get(row["_sha256"]), {"Content-Type": row["content_type"]})


def create(call: Call) -> SimResponse:
    """Store a file of an article, or a picture of a site; return where it is."""
    kind = call.args[0]
    texts, upload = _form(call.request)
    given.required({**texts, "file": upload}, "key", "assetType", "file")
    owner, table = ("articleId", "articles") if kind == "article" else ("siteId", "sites")
    if kind not in _TYPES:
        raise refused(404)
    given.one_of(texts["assetType"], _TYPES[kind], "assetType")
    store.find(call.account, table, texts.get(owner, ""))
    if upload is None:
        raise wrong("file", "may not be empty", "NotEmpty")
    return json_response({"filelink": keep(call.account, upload.name, upload.content_type, upload.data)}, 201)


def upload_article(call: Call) -> SimResponse:
    """Store an article whose text is a file."""
    texts, upload = _form(call.request)
    given.required({**texts, "file": upload}, "collectionId", "file")
    if upload is None:
        raise wrong("file", "may not be empty", "NotEmpty")
    collection = store.find(call.account, "collections", texts["collectionId"])
    text = upload.data.decode("utf-8", "replace")
    body = text if texts.get("type", "html") == "html" else f"<p>{html.escape(text)}</p>"
    values: Row = {"name": texts.get("name") or upload.name, "text": body}
    if texts.get("categoryId"):
        values["categories"] = [store.find(call.account, "categories", texts["categoryId"])["id"]]
    row = docs_articles.add(call.account, collection["id"], values)
    return store.made(call, "/articles", "article", row)


ROUTES = (
    Route("POST", "/v1/articles/upload", upload_article),
    Route("POST", "/v1/assets/{text}", create),
)
