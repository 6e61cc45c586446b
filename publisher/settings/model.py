"""What `publisher.toml` may say: frozen models with defaults and units.

A room is handed the slice it needs (`settings.site`, `settings.delivery.smtp`), never the file.
Words in several languages are mappings from language tag to text; one text alone, under the tag
"", serves every language. `language.pick` chooses among them.
"""

import re
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from publisher import language

KindName = Literal["news", "article", "event-report", "event"]
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw]?)", re.ASCII)
_LONGEST_SECONDS = 36_525 * 86_400  # later sums with dates stay dates
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value).strip())
    if not found or not (found[2] or int(found[1]) == 0):
        raise ValueError('write a number and a unit, for instance "10m", "6h" or "3d"')
    seconds = int(found[1]) * _SECONDS.get(found[2], 0)
    if seconds > _LONGEST_SECONDS:
        raise ValueError("write a shorter time; the longest is a hundred years")
    return timedelta(seconds=seconds)


def _as_written(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit in "dhm":
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _words(value: Any) -> Any:
    if isinstance(value, str):
        return {"": value} if value else {}
    if isinstance(value, dict):
        return {tag and _tag(tag): text for tag, text in value.items()}
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        if not value:
            return None
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def _tag(value: Any) -> str:
    try:
        return language.normalise(str(value))
    except ValueError:
        raise ValueError(
            f'"{value}" is not a language tag; write for instance "en" or "ar"'
        ) from None


def _base_url(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write a full web address, for instance https://example.org")
    return value.rstrip("/")


def _zone(value: str) -> str:
    # Asking for the one zone costs a hundredth of listing all of them.
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('write a zone of the tz database, for instance "Europe/London"') from None


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('write a colour as "#" and six hex digits, for instance "#0b5fa5"')
    return value.lower()


def _request_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
        raise ValueError("write a full web address, for instance https://hc.example.org/ping/1")
    return value


def _host_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError('write host and port, for instance "smtp2.example.org:587"')
    return value


def _warm_up(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d{0,8}/day", value, re.ASCII):
        raise ValueError('write how many on the first day, for instance "500/day"')
    return value


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError(
            'write an address or a network, for instance "10.0.0.7" or "10.0.0.0/8"'
        ) from None
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(_as_written, return_type=str, when_used="json"),
]
Words = Annotated[dict[str, str], BeforeValidator(_words)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Tag = Annotated[str, BeforeValidator(_tag)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
RequestUrl = Annotated[str, AfterValidator(_request_url)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Colour = Annotated[str, AfterValidator(_colour)]
Network = Annotated[str, AfterValidator(_network)]

HostPort = Annotated[str, AfterValidator(_host_port)]


class Section(BaseModel):
    """One table of publisher.toml: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Site(Section):
    url: BaseUrl
    name: Words
    languages: list[Tag] = Field(min_length=1)  # the first is the original and the fallback
    time_zone: ZoneName = "UTC"
    item_url: str = "{url}/{language}/{slug}/"
    files_url: BaseUrl = ""
    report_translation_errors_to: str = ""
    locale: dict[Tag, str] = {}
    digits: dict[Tag, Literal["latn", "arab", "arabext"]] = {}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Content(Section):
    include: list[str] = []
    exclude: list[str] = []
    known: list[str] = []


class Category(Section):
    name: Words = {}
    also: list[str] = []


class Feeds(Section):
    url: BaseUrl = ""
    id_authority: str = Field(
        pattern=r"^[A-Za-z0-9.@_-]+,\d{4}(-\d\d(-\d\d)?)?$",
        description='a domain you own and a date you owned it on, for instance "example.org,2026"',
    )
    hub: str = ""
    items: int = Field(default=20, ge=1, le=1000)
    content: Literal["full", "summary"] = "full"
    precompress: bool = True
    retired: list[str] = []


class Digest(Section):
    title: Words = {}
    subject: Words = {"": "{name}: {first}"}
    every: Literal["item", "day", "week", "month"] = "week"
    at: str = ""  # "07:00", "Tue 07:00", "1 07:00" or "last 07:00"; digests.period reads it
    zone: Literal["site", "subscriber"] = "site"
    kinds: list[KindName] = ["news", "article", "event-report", "event"]
    approve: Literal["auto", "editor"] = "auto"
    wait_for_translation: Duration = timedelta(days=3)
    fallback: bool = True
    max_age: Duration = timedelta(days=30)
    most: int = Field(default=40, ge=1)
    max_lateness: Duration = timedelta(hours=6)
    delay: Duration = timedelta(0)
    settle: Duration = timedelta(minutes=10)
    since: Moment = None

    @property
    def longest_memory(self) -> timedelta:
        """How long what a reader had can still decide what they get next, by the ledger."""
        return self.max_age + self.wait_for_translation + timedelta(days=1)


class Sender(Section):
    address: str
    name: Words = {}
    reply_to: str = ""
    postal_address: Words = {}


class Smtp(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    connections: int = Field(default=8, ge=1, le=100)
    username: str = ""
    password: str = Field(default="", repr=False)  # never in the file: see settings.secrets
    fallback: list[HostPort] = []  # further servers, tried in order while those before are unwell

    @property
    def servers(self) -> list[tuple[str, int]]:
        """Every server as host and port, the preferred one first."""
        more = (place.rpartition(":") for place in self.fallback)
        return [(self.host, self.port), *((host.strip("[]"), int(port)) for host, _, port in more)]


class Receivers(Section):
    """Domains that one provider receives for, and how fast it may be served."""

    domains: list[str] = Field(min_length=1)
    per_second: float = Field(default=0, ge=0)  # 0: as fast as it takes it


class Ses(Section):
    region: str = Field(default="", pattern=r"^([a-z]{2}(-[a-z]+)+-\d)?$")
    configuration_set: str = ""
    connections: int = Field(default=4, ge=1, le=100)
    endpoint: BaseUrl = ""  # empty: Amazon's own for the region
    access_key: str = Field(default="", repr=False)  # these three never in the file
    secret_key: str = Field(default="", repr=False)
    session_token: str = Field(default="", repr=False)

    @property
    def url(self) -> str:
        """Where SES is asked."""
        return self.endpoint or f"https://email.{self.region}.amazonaws.com"


class Postmark(Section):
    message_stream: str = "broadcast"
    connections: int = Field(default=4, ge=1, le=100)
    endpoint: BaseUrl = ""  # empty: Postmark's own
    token: str = Field(default="", repr=False)  # never in the file

    @property
    def url(self) -> str:
        """Where Postmark is asked."""
        return self.endpoint or "https://api.postmarkapp.com"


class Dkim(Section):
    """How messages are signed; the files are read by who signs, so that a build needs no key."""

    domain: str = ""  # empty: not signed
    selector: str = ""
    key_file: str = ""  # PEM, RSA
    key: str = Field(default="", repr=False)  # never in the file: see settings.secrets
    ed25519_selector: str = ""  # empty: no second signature
    ed25519_key_file: str = ""
    ed25519_key: str = Field(default="", repr=False)  # never in the file either


class Delivery(Section):
    transport: Literal["maildir", "smtp", "ses", "postmark"] = "maildir"
    per_second: float = Field(default=0, ge=0)  # 0: as fast as the server takes it
    per_hour: int = Field(default=0, ge=0)
    per_day: int = Field(default=0, ge=0)
    warm_up: Annotated[str, AfterValidator(_warm_up)] = ""  # on the first day; doubled on each next
    in_doubt: Literal["resend", "hold"] = "resend"
    smtp: Smtp = Smtp()
    receivers: dict[str, Receivers] = {}
    ses: Ses = Ses()
    postmark: Postmark = Postmark()
    dkim: Dkim = Dkim()


class Feedback(Section):
    domain: str = ""  # empty: no address is written that mail could come back to
    maildir: str = ""  # where that mail is delivered, if not to `publisher feedback` at once


class Database(Section):
    url: str = "sqlite:///var/publisher.sqlite3"


class Web(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    url: BaseUrl = ""  # empty: the site's own address
    proxies: list[Network] = ["127.0.0.1", "::1"]  # whose X-Forwarded-For is believed
    metrics_token: str = Field(default="", repr=False)  # never in the file
    signups_per_hour: int = Field(default=2000, ge=0)  # of everybody together; 0: no limit


class Editors(Section):
    addresses: list[str] = []
    proof: Duration = timedelta(hours=3)


class Ops(Section):
    heartbeat: RequestUrl = ""  # asked for after each finished slot; empty: nobody is told


class Look(Section):
    accent: Colour = "#0b5fa5"
    ink: Colour = "#1b1f24"
    paper: Colour = "#ffffff"
    logo: str = ""
    font: str = ""
    corner: int = Field(default=4, ge=0, le=32)  # pixels
    share: list[Literal["whatsapp", "facebook", "linkedin", "x", "email"]] = [
        "whatsapp",
        "facebook",
        "linkedin",
        "x",
        "email",
    ]


class Retention(Section):
    deliveries: Duration = timedelta(days=90)


class Settings(Section):
    """The whole of publisher.toml, with the folder it lies in."""

    root: Path  # the site folder, absolute
    site: Site
    content: Content = Content()
    categories: dict[str, Category] = {}
    feeds: Feeds
    digests: dict[str, Digest] = {}
    sender: Sender
    delivery: Delivery = Delivery()
    feedback: Feedback = Feedback()
    database: Database = Database()
    web: Web = Web()
    editors: Editors = Editors()
    ops: Ops = Ops()
    look: Look = Look()
    retention: Retention = Retention()

    @property
    def content_dir(self) -> Path:
        return self.root / "content"

    @property
    def feeds_dir(self) -> Path:
        return self.root / "feeds"

    @property
    def var_dir(self) -> Path:
        return self.root / "var"

    @property
    def secret_file(self) -> Path:
        """The keys that sign links."""
        return self.root / "var" / "secret"

    @property
    def outbox_dir(self) -> Path:
        return self.root / "outbox"

    @property
    def feedback_dir(self) -> Path | None:
        """The Maildir that is looked through for mail that came back; None when there is none."""
        return self.root / self.feedback.maildir if self.feedback.maildir else None

    @property
    def web_url(self) -> str:
        """Where people's links lead: signup, preferences, unsubscribe, archive."""
        return self.web.url or self.site.url

    @property
    def feeds_url(self) -> str:
        """Where the feeds folder is reachable."""
        return self.feeds.url or self.web_url + "/feeds"

    @property
    def files_url(self) -> str:
        """Where used files are reachable; "" in settings means: beside the feeds."""
        return self.site.files_url or self.feeds_url + "/files"
