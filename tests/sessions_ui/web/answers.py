"""Where an answer differs from what Django's own engine gives. docs/django-sessions.md is made from this."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Answer(NamedTuple):
    asked: str
    djangos: str
    ours: str
    why: str


class Difference(Answer, Enum):
    PAGE = Answer(
        "After an ending, a page: a link, a form or the address bar (`Sec-Fetch-Mode: navigate`; where a browser does "
        "not say that, it accepts HTML and is no XMLHttpRequest)",
        "401 or 403 of the view",
        "302 to `LOGIN_URL`, with the way back after a GET",
        "A person can do something about it.",
    )
    HTMX = Answer(
        "After an ending, htmx (`HX-Request: true`)",
        "302 to `LOGIN_URL`, or 401 or 403 of the view",
        "200 with `HX-Redirect` to `LOGIN_URL`, and back to the page that htmx is on; 302 where it restores a "
        "page of the history, since it reads no header then",
        "It would put the sign-in page into the place of a fragment.",
    )
    JSON = Answer(
        "After an ending, what accepts JSON and no HTML",
        "401 or 403 of the view with a page of HTML",
        "The same status and headers, and problem details (RFC 9457) as the body",
        "Nobody who asks for JSON can read the page; JSON of the view stays as it is.",
    )
    MEANWHILE = Answer(
        "The session ended while the view was at work, and the view had changed it",
        "400 (`SessionInterrupted`)",
        "302 for a page, 200 with `HX-Redirect` for htmx, else 401: problem details where JSON was asked for, or a "
        "line of text",
        "It is a sign-out, and no mistake of whoever asks. A view that has not changed the session answers what it "
        "would have answered anyway, as with Django.",
    )


HEAD = """
## The answers of your views

After an ending your views are asked as by somebody who was never signed in, and what they answer is what the browser
or program gets: status, body and headers, whether that is 200, a redirect or an error.
`tests/sessions_ui/web/test_answers.py` compares browsers, `fetch()`, htmx, jQuery, axios, curl and okhttp with Django's
own engine before, during and after an ending. These differ; the table is made from `tests/sessions_ui/web/answers.py`:

| Who asks | Django's engine | Ours | Why |
|---|---|---|---|
"""

TAIL = """
Beside it stands why, also on a page for everybody where its view asks who is there: the header `Session-Ended`
holds the reason where anybody may know it (`idle_timeout`, `password_changed`, …; those with a sentence in
`sessions_ui/web/responses/words.py`), and else `unnamed`, because the device may be in a thief's hand. Where scripts
of another origin should read it, name it in `Access-Control-Expose-Headers`. The cookie `signed_out` has the same for
the notice on your sign-in page, and the session cookie is deleted. An answer that turns somebody away also gets
`Cache-Control: no-store, private` unless it says something else. Where the answer is ours instead of the view's, it
keeps what the site's middlewares say in every response (X-Frame-Options, Content-Security-Policy, CORS and the like),
and a 401 has `WWW-Authenticate: Session`, since RFC 9110 wants a challenge there and none is registered for cookies.

The app's own pages differ in two more points: after a POST nobody is sent back to the address that acted, and who
asks for JSON gets 401 with problem details. A key that was replaced a moment ago is no ending: where the view turns
it away, the answer is 409, to try again. A sign-in that is refused or has to wait for a further proof
(docs/risk.md) is answered with 401, too, where no page was asked for.
"""


def as_markdown() -> str:
    return HEAD + "".join(f"| {' | '.join(difference.value)} |\n" for difference in Difference) + TAIL
