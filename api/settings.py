"""What the environment says about how to run, read once and refused when it is unsafe."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

SHORTEST_SECRET = 32
TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class SettingsRefused(Exception):
    """The settings are unsafe or contradict each other. ``problems`` says all of it at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """How this process runs.

    ``demo`` allows what is unsafe elsewhere: cookies over plain HTTP, the second factor shown on
    the sign-in page, keys made on the spot. ``proxies`` is how many reverse proxies stand in
    front and may be believed about the caller's address.
    """

    secret_key: str = field(repr=False)
    database_url: str | None = field(default=None, repr=False)  # None: the embedded server
    home: Path = Path("var")  # of the embedded server and of a demonstration's keys
    demo: bool = False
    hosts: tuple[str, ...] = ()  # names by which the service may be called; none: any
    proxies: int = 0
    metrics_token: str | None = field(default=None, repr=False)
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingsRefused` with everything that is wrong."""
        reader = _Reader(environment)
        settings = cls(
            secret_key=reader.secret("SIGNPOST_SECRET_KEY") or "",
            database_url=reader.secret("SIGNPOST_DATABASE_URL"),
            home=Path(reader.text("SIGNPOST_HOME") or "var"),
            demo=reader.flag("SIGNPOST_DEMO"),
            hosts=tuple(reader.text("SIGNPOST_HOSTS").replace(",", " ").split()),
            proxies=reader.whole("SIGNPOST_PROXIES"),
            metrics_token=reader.secret("SIGNPOST_METRICS_TOKEN"),
            log_level=reader.text("SIGNPOST_LOG_LEVEL") or "INFO",
        )
        problems = reader.problems + settings.dangers(environment)
        if problems:
            raise SettingsRefused(problems)
        return settings

    def at(self, database_url: str) -> "Settings":
        """Return the same settings over the database at ``database_url``."""
        return replace(self, database_url=database_url)

    def dangers(self, environment: Mapping[str, str]) -> list[str]:
        """Say what must not be so where real people's data is."""
        if self.demo:
            return []
        found = []
        if len(self.secret_key) < SHORTEST_SECRET:
            found.append(
                f"SIGNPOST_SECRET_KEY (or SIGNPOST_SECRET_KEY_FILE) must have at least "
                f"{SHORTEST_SECRET} characters. Make one: openssl rand -hex 32"
            )
        elif len(set(self.secret_key)) < 10:
            found.append("SIGNPOST_SECRET_KEY is too easy to guess. Make one: openssl rand -hex 32")
        if not {"SIGNPOST_MASTER_KEY", "SIGNPOST_MASTER_KEY_FILE"} & environment.keys():
            found.append(
                "SIGNPOST_MASTER_KEY_FILE must name a file with the master key, kept away from "
                "the database. Make one: openssl rand -base64 32"
            )
        if not self.hosts:
            found.append("SIGNPOST_HOSTS must list the names by which people call this service.")
        if self.metrics_token is not None and len(self.metrics_token) < SHORTEST_SECRET:
            found.append(f"SIGNPOST_METRICS_TOKEN must have at least {SHORTEST_SECRET} characters.")
        return found


class _Reader:
    """Reads single settings and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def secret(self, name: str) -> str | None:
        """Return the value, or the content of the file that ``<name>_FILE`` names."""
        file = self.text(f"{name}_FILE")
        if not file:
            return self.text(name) or None
        if self.text(name):
            self.problems.append(f"{name} and {name}_FILE are both set. Keep one.")
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            self.problems.append(f"{name}_FILE cannot be read: {error.strerror}.")
            return None

    def flag(self, name: str) -> bool:
        value = self.text(name).casefold()
        if value not in TRUE | FALSE:
            self.problems.append(f"{name} must be 1 or 0.")
        return value in TRUE

    def whole(self, name: str) -> int:
        value = self.text(name) or "0"
        if not value.isdecimal():
            self.problems.append(f"{name} must be a whole number.")
            return 0
        return int(value)
