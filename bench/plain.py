"""The plain way to mail a newsletter, well done: Jinja2, EmailMessage and smtplib, one connection.

It is what the measurements compare with. Every message is rendered and composed for its reader;
templates are compiled once, the connection is kept. Nothing is remembered: ended half-way, it
would not know who has had the newsletter.

    python -m bench.plain PORT COUNT
"""

import smtplib
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment, Template

from bench.stories import URL, stories

SENDER = "Our Town <news@our-town.org>"
SUBJECT = "Weekly digest: what mayors, schools and mentors did this week"
DATE = datetime(2026, 3, 3, 7, tzinfo=UTC)
HEADERS = (
    ("List-Id", "Weekly digest <weekly.our-town.org>"),
    ("List-Unsubscribe", "<{unsubscribe_url}>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("List-Help", f"<{URL}/preferences>"),
    ("Precedence", "bulk"),
    ("Content-Language", "en"),
)

_FONT = "font-family:Helvetica,Arial,sans-serif"
_HTML = f"""\
<!doctype html>
<html lang="en" dir="ltr"><head><meta charset="utf-8"><title>{{{{ subject }}}}</title></head>
<body style="margin:0;padding:0;background:#f4f4f4">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center"><h1 style="{_FONT};font-size:28px;line-height:34px">Weekly digest</h1></td></tr>
{{% for story in stories %}}<tr><td align="center" style="padding:12px 24px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" \
style="width:600px;max-width:100%;background:#ffffff;border:1px solid #dddddd;border-radius:6px">
<tr><td style="padding:20px 24px 0 24px;{_FONT};font-size:13px;line-height:18px;color:#5a5a5a">
Story {{{{ loop.index }}}} of {{{{ stories | length }}}}</td></tr>
<tr><td style="padding:4px 24px 0 24px">
<h2 style="margin:0;{_FONT};font-size:20px;line-height:26px;font-weight:bold;color:#1a1a1a">
<a href="{{{{ story.link }}}}" style="color:#1a1a1a;text-decoration:underline">{{{{ story.title }}}}</a></h2>
</td></tr>
<tr><td style="padding:8px 24px 0 24px;{_FONT};font-size:16px;line-height:24px;color:#333333">
<p style="margin:0 0 12px 0">{{{{ story.summary }}}}</p></td></tr>
<tr><td style="padding:4px 24px 14px 24px"><hr aria-hidden="true" \
style="border:none;border-top:1px solid #dddddd;margin:0;height:1px;line-height:1px;font-size:1px"></td></tr>
<tr><td style="padding:0 24px 20px 24px">
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="border-collapse:separate">
<tr><td align="center" bgcolor="#0b57d0" role="presentation" valign="middle" \
style="border:none;border-radius:6px;cursor:auto;background:#0b57d0;padding:10px 20px">
<a href="{{{{ story.link }}}}" target="_blank" style="display:inline-block;background:#0b57d0;color:#ffffff;\
{_FONT};font-size:16px;line-height:20px;font-weight:bold;margin:0;text-decoration:none">\
Read on: {{{{ story.title }}}}</a></td></tr></table></td></tr>
</table></td></tr>
{{% endfor %}}<tr><td align="center" style="{_FONT};font-size:14px;line-height:20px;color:#5a5a5a">
<p>This was sent to {{{{ address }}}}.</p>
<p><a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a> <a href="{{{{ preferences_url }}}}">Preferences</a></p>
</td></tr></table></body></html>
"""
_PLAIN = """\
Weekly digest
{% for story in stories %}
{{ loop.index }}. {{ story.title }}
{{ story.summary | wordwrap(72) }}
{{ story.link }}
{% endfor %}
This was sent to {{ address }}.
Unsubscribe: {{ unsubscribe_url }}
Preferences: {{ preferences_url }}
"""


class Newsletter:
    """The week's newsletter, ready to be rendered for one reader after the other."""

    def __init__(self) -> None:
        self._known = {"subject": SUBJECT, "stories": stories()}
        self._html = _template(_HTML, is_html=True)
        self._plain = _template(_PLAIN, is_html=False)

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return HTML and text for one reader."""
        known = {**self._known, **values}
        return self._html.render(known), self._plain.render(known)

    def compose(self, values: Mapping[str, str], message_id: str) -> bytes:
        """Return the whole message for one reader.

        values  address, unsubscribe_url and preferences_url
        """
        html, plain = self.render(values)
        message = EmailMessage(policy=SMTP)
        message.set_content(plain)
        message.add_alternative(html, subtype="html")
        message["Date"] = format_datetime(DATE)
        message["From"] = SENDER
        message["To"] = values["address"]
        message["Subject"] = SUBJECT
        message["Message-ID"] = message_id
        for name, value in HEADERS:
            message[name] = value.format(**values)
        return message.as_bytes()


def reader(number: int) -> dict[str, str]:
    """Return what differs in the message of one reader; links are as long as the real ones."""
    token = f"{number:08}" * 9
    return {
        "address": f"reader{number}@example{number % 5000}.org",
        "unsubscribe_url": f"{URL}/u/{token}",
        "preferences_url": f"{URL}/preferences/{token}",
    }


def message_id(number: int) -> str:
    return f"<{number:040x}@our-town.org>"


def _template(text: str, *, is_html: bool) -> Template:
    return Environment(autoescape=is_html, keep_trailing_newline=True).from_string(text)


def main() -> None:
    """Send so many messages and say how many seconds the first to the last of them took."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    newsletter = Newsletter()
    sender = SENDER.partition("<")[2].rstrip(">")
    with smtplib.SMTP("127.0.0.1", port) as server:
        began = time.perf_counter()
        for number in range(count):
            values = reader(number)
            data = newsletter.compose(values, message_id(number))
            server.sendmail(sender, [values["address"]], data)
        print(f"{time.perf_counter() - began:.6f}")


if __name__ == "__main__":
    main()
