"""Versions of what is answered, so that unchanged things are not sent again."""

import hashlib

from flask import Response, request


def conditional(response: Response) -> Response:
    """Give a read its ETag, and answer 304 when the caller has that version already."""
    if request.method == "GET" and response.status_code == 200:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
        response.make_conditional(request)
    return response
