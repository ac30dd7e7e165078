"""What somebody uploads is never written to the disk in plain."""

import io

from flask import Flask, request

CONTENT = b"a,b\n" * 500_000
EDGE = b"--edge\r\n"
HEAD = b'Content-Disposition: form-data; name="file"; filename="cohort.csv"\r\n\r\n'


def test_a_large_file_stays_in_memory(app: Flask) -> None:
    body = EDGE + HEAD + CONTENT + b"\r\n--edge--\r\n"

    with app.test_request_context(
        method="POST", data=body, content_type="multipart/form-data; boundary=edge"
    ):
        file = request.files["file"]
        assert isinstance(file.stream, io.BytesIO)
        assert file.filename == "cohort.csv"
        assert file.read() == CONTENT
