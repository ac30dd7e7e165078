"""A browser without a window: keeps cookies, sends the page's own token with every form."""

import re
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from workflows.identity import totp

PASSWORD = "quiet-harbour-lantern"


class Browser:
    """Wraps Flask's client; ``page`` is the last answer."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, address: str, **options: Any) -> TestResponse:
        answer = self.client.get(address, **options)
        found = re.search(r'name="csrf(?:_token)?" (?:value|content)="([^"]+)"', answer.text)
        if found:
            self.token = found[1]
        return answer

    def post(self, address: str, data: Any = None, **options: Any) -> TestResponse:
        """Post a form as the page would, with its token."""
        fields = {"csrf_token": self.token, **(data or {})}
        return self.client.post(address, data=fields, **options)

    def sign_in(self, login_name: str, secret: str, password: str = PASSWORD) -> TestResponse:
        self.get("/sign-in")
        code = totp.next_code(secret, datetime.now(UTC))
        answer = self.post("/sign-in", {"name": login_name, "password": password, "code": code})
        assert answer.status_code == 303, answer.text
        self.get("/account")
        return answer
