"""What the archive is, from its own figures: newspapers, years, gaps, how it was made, how to cite it."""

from __future__ import annotations

from newsarchive import __version__
from newsarchive.browse.archives import Row, count_sites, last_run, visible
from newsarchive.browse.visits import Page, Visit
from newsarchive.times import now

MOST_GAPS = 12


def about_page(visit: Visit) -> Page:
    """Return the page about the archive."""
    sites = [
        {**site, "last_run": last_run(visit.reading, site["name"]), "gaps": _gaps(visit, site), **_pending(visit, site)}
        for site in count_sites(visit.reading)
    ]
    days = [site[end] for site in sites for end in ("first", "last") if site[end]]
    named = ", ".join(str(site["title"] or site["name"]) for site in sites[:5]) + (", …" if len(sites) > 5 else "")
    return Page(
        template="about.html",
        title=visit.speech.text("about"),
        values={
            "sites": sites,
            "articles": sum(site["articles"] for site in sites),
            "gone": sum(site["gone"] for site in sites),
            "first": min(days, default=""),
            "last": max(days, default=""),
            "captures": _captures(visit),
            "images": _images(visit),
            "edits": _edits(visit),
            "latest": max((site["last_run"] for site in sites), default=""),
            "version": __version__,
            "named": named,
            "today": now()[:10],
            "origin": visit.origin,
        },
    )


def _gaps(visit: Visit, site: Row) -> list[Row]:
    """Return the stretches of whole months without an article between a site's first and last, the latest first."""
    sql = f"""with months as (
            select distinct substr(o.day, 1, 7) as month from search_order o
            where o.site = ? and o.day is not null and {visible("o.article")}),
        pairs as (select month, lead(month) over (order by month) as next from months)
        select strftime('%Y-%m', month || '-01', '+1 month') as first,
            strftime('%Y-%m', next || '-01', '-1 month') as last
        from pairs where next > strftime('%Y-%m', month || '-01', '+1 month') order by month desc limit ?"""  # noqa: S608
    return visit.rows(sql, [site["name"], MOST_GAPS])


def _pending(visit: Visit, site: Row) -> Row:
    """Return how many listed addresses of a site could not be fetched, and how many are still due."""
    sql = (
        "select coalesce(sum(state = 'failed'), 0) as failed, coalesce(sum(state = 'listed'), 0) as due from urls"
        " where site = ? and state in ('failed', 'listed')"
    )
    found = visit.rows(sql, [site["name"]])
    return {name: sum(row[name] for row in found) for name in ("failed", "due")}


def _captures(visit: Visit) -> int:
    return _sum(visit, "select coalesce(max(id), 0) as n from captures")


def _images(visit: Visit) -> int:
    return _sum(visit, "select count(*) as n from images where sha256 is not null")


def _edits(visit: Visit) -> int:
    sql = f"""select count(*) as n from revisions r where r.kind not in ('first', 'reextracted')
        and {visible("r.article")}"""  # noqa: S608
    return _sum(visit, sql)


def _sum(visit: Visit, sql: str) -> int:
    return sum(int(row["n"]) for row in visit.rows(sql))
