"""Static files: addressed by what is in them, so that a browser may keep them for ever.

The address of every file carries one hash over all of them. Addresses inside a file are relative
(a style sheet's typeface, a module's import), so they carry the same hash without being rewritten.
"""

import gzip
import hashlib
from functools import cache, cached_property
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory, url_for

FOLDER = Path(__file__).parent / "static"
COMPRESSED = {".css", ".js", ".svg", ".json", ".txt"}
FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """The files below ``folder`` and the version that their addresses carry."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    @cached_property
    def version(self) -> str:
        """Return the first 12 digits of a hash over every name and content."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(self.folder)).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]


assets = Assets()
blueprint = Blueprint("static_files", __name__)


def asset(name: str) -> str:
    """Return the address of a static file. A name that does not exist is a mistake of ours."""
    if not (FOLDER / name).is_file():
        raise FileNotFoundError(name)
    return url_for("static_files.file", version=assets.version, name=name)


@cache
def compressed(name: str) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), 9, mtime=0)


@blueprint.get("/static/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """Send a static file; a request for an older version gets the present one, uncached."""
    answer = send_from_directory(FOLDER, name, etag=False, conditional=False)
    if answer.status_code != 200:
        abort(404)
    if Path(name).suffix in COMPRESSED and "gzip" in request.accept_encodings:
        answer.close()  # the file: what is sent instead is kept compressed
        answer.direct_passthrough = False
        answer.set_data(compressed(name))
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = FOR_EVER if version == assets.version else "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer
