"""Files that come with a form."""

import io
from typing import IO

from flask import Request


class InMemory(Request):
    """A request whose files never touch the disk: there they would lie in plain.

    Werkzeug spills files over 500 kB to a temporary file. What a request may bring is bounded
    (`app.LARGEST_BODY`), so memory is.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()
