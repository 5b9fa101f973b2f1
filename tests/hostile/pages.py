"""Pages that are wrong in themselves: letters, errors, traps, walls, and things called HTML that are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.hostile.exchange import Exchange, article, at


@at("/good/")
def good(x: Exchange) -> None:
    """A sound article, to see that the rest does it no harm."""
    x.send(article())


# Letters


@at("/charset-latin1/")
def charset_latin1(x: Exchange) -> None:
    """UTF-8 that the header calls Latin-1."""
    x.send(article(), kind="text/html; charset=iso-8859-1")


@at("/charset-1251/")
def charset_1251(x: Exchange) -> None:
    """Windows-1251 that the header calls UTF-8; only the page's own meta tells the truth."""
    words = "Перед воротами рынка с утра собралась очередь, торговля началась в восемь часов. " * 4
    page = article(title="Очередь у ворот", text=words, charset="windows-1251")
    x.send(page.encode("cp1251"))


@at("/charset-unknown/")
def charset_unknown(x: Exchange) -> None:
    """A charset that nobody knows."""
    x.send(article(charset="x-klingon"), kind="text/html; charset=x-klingon")


@at("/charset-utf16/")
def charset_utf16(x: Exchange) -> None:
    """UTF-16 with a byte order mark and no word of it."""
    x.send(article().replace('<meta charset="utf-8">', "").encode("utf-16"), kind="text/html")


@at("/nul-bytes/")
def nul_bytes(x: Exchange) -> None:
    """NUL and other control characters in the text."""
    x.send(article(extra="<p>Бұл\x00 жерде\x0b бос\x1f таңба бар.</p>"))


@at("/deep-html/")
def deep_html(x: Exchange) -> None:
    """A hundred thousand nested elements."""
    x.send(article(extra="<div>" * 100_000 + "түпсіз" + "</div>" * 100_000))


# Errors that pass, and errors that stay


@at("/500-then-200/")
def flaky(x: Exchange) -> None:
    """One error 500, then a sound page."""
    x.send("broken", status="500 Broken") if x.hit == 1 else x.send(article())


@at("/always-500/")
def always_500(x: Exchange) -> None:
    """Error 500 each time."""
    x.send("broken", status="500 Broken")


@at("/parts/*")
def parts(x: Exchange) -> None:
    """An article of two pages, whose second is an error 500 until the server is mended."""
    if x.path == "/parts/":
        x.send(article(extra=f'<div class="page-links">1 <a href="{x.server.url}parts/2/">2</a></div>'))
    else:
        x.send(article(text="Екінші бет. " * 30)) if x.server.is_mended else x.send("broken", status="500 Broken")


@at("/429-seconds/")
def busy_seconds(x: Exchange) -> None:
    """Once 429 with Retry-After of one second, then a sound page."""
    x.send("busy", "Retry-After: 1", status="429 Too Many") if x.hit == 1 else x.send(article())


@at("/429-date/")
def busy_date(x: Exchange) -> None:
    """Once 429 with Retry-After as an HTTP date two seconds ahead, then a sound page."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    x.send("busy", f"Retry-After: {moment}", status="429 Too Many") if x.hit == 1 else x.send(article())


@at("/429-nonsense/")
def busy_nonsense(x: Exchange) -> None:
    """Once 429 with a Retry-After that says nothing, then a sound page."""
    x.send("busy", "Retry-After: soon", status="429 Too Many") if x.hit == 1 else x.send(article())


@at("/429-year/")
def busy_year(x: Exchange) -> None:
    """429 each time with a Retry-After of a year."""
    x.send("busy", "Retry-After: 31536000", status="429 Too Many")


@at("/503-without/")
def busy_503(x: Exchange) -> None:
    """Once 503 without Retry-After, then a sound page."""
    x.send("busy", status="503 Unavailable") if x.hit == 1 else x.send(article())


# Traps and walls


@at("/calendar/*")
def calendar(x: Exchange) -> None:
    """A calendar whose every day links to the days before and after it, and to nothing else."""
    numbers = [int(n) for n in re.findall(r"\d+", x.path)]
    year, month, date = numbers if len(numbers) == 3 else (2024, 1, 1)
    day = datetime(year, month, date, tzinfo=UTC)
    links = [
        f'<a href="/calendar/{day + timedelta(days=n):%Y/%m/%d}/" rel="{r}">{r}</a>'
        for n, r in ((-1, "next"), (1, "prev"))
    ]
    x.send(
        f"<html><head><title>{day:%d.%m.%Y}</title></head><body><h1>{day:%d.%m.%Y}</h1>{''.join(links)}</body></html>"
    )


@at("/captcha/")
def captcha(x: Exchange) -> None:
    """A captcha with status 200."""
    x.send(
        "<html><head><title>Just a moment...</title></head><body><h1>Сіз робот емессіз бе?</h1><form>"
        '<div class="g-recaptcha" data-sitekey="0"></div><p>Please complete the captcha to continue.</p></form></body></html>'
    )


@at("/forbidden/")
def forbidden(x: Exchange) -> None:
    """403 with a page of a guard."""
    x.send("<html><head><title>Access denied</title></head><body><h1>Access denied</h1></body></html>", status="403 No")


@at("/consent/")
def consent(x: Exchange) -> None:
    """A consent wall with status 200 in the place of the page."""
    words = "Before you continue: we and our 812 partners use cookies. Accept all or manage your choices. " * 3
    x.send(f'<html><head><title>Your privacy</title></head><body><div id="consent-wall"><p>{words}</p>'
           "<button>Accept all</button></div></body></html>")  # fmt: skip


@at("/soft-404/")
def soft_404(x: Exchange) -> None:
    """«Page not found» with status 200."""
    x.send("<html><head><title>Бет табылмады</title></head><body><h1>Бет табылмады</h1></body></html>")


@at("/meta-refresh/")
def meta_refresh(x: Exchange) -> None:
    """A page that sends the reader to the foreign host by meta refresh."""
    x.send(f'<html><head><meta http-equiv="refresh" content="0;url={x.server.elsewhere}good/"></head></html>')


@at("/pdf/")
def pdf(x: Exchange) -> None:
    """A PDF at the address of an article, called HTML."""
    x.send(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + bytes(range(256)) * 40)


@at("/pictures/")
def pictures(x: Exchange) -> None:
    """A sound article whose pictures are HTML, endless, on the foreign host, and at nonsense addresses."""
    urls = [
        "/picture.jpg",
        "/endless/",
        f"{x.server.elsewhere}picture.jpg",
        "http://[nonsense",
        "data:image/gif;base64,AAAA",
    ]
    x.send(article(extra="".join(f'<p><img src="{url}" width="900" height="600" alt="сурет"></p>' for url in urls)))


@at("/picture.jpg")
def picture(x: Exchange) -> None:
    """HTML under the name of an image."""
    x.send("<html><body>no picture</body></html>", kind="image/jpeg")
