"""Why a run ended: one of a few values, whatever Scrapy says."""

from __future__ import annotations

import json

import pytest

from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.reports import RunReport
from newsarchive.database.alerts import Alert
from newsarchive.run_ends import RunEnd


@pytest.mark.parametrize(
    ("scrapys", "failed", "lost", "ended"),
    [
        ("finished", False, False, RunEnd.FINISHED),
        ("finished", False, True, RunEnd.INCOMPLETE),
        ("finished", True, True, RunEnd.FAILED),
        ("shutdown", False, False, RunEnd.INTERRUPTED),
        ("shutdown", True, False, RunEnd.FAILED),
        ("postponed", False, True, RunEnd.POSTPONED),
        ("failed", False, False, RunEnd.FAILED),
        ("closespider_timeout", False, False, RunEnd.INTERRUPTED),
        ("cancelled", False, False, RunEnd.INTERRUPTED),
    ],
)
def test_a_run_ends_for_one_of_the_reasons_that_the_tables_name(
    scrapys: str, failed: bool, lost: bool, ended: RunEnd
) -> None:
    report = RunReport()
    assert report.reason is RunEnd.FAILED
    report.needs = [Alert("feed: 403 Forbidden", code="source")] if lost else []
    report.end(scrapys, failed=failed)
    assert report.reason is ended


def test_the_reason_is_plain_text_for_other_programs() -> None:
    assert json.loads(json.dumps(vars(Outcome(site="a", reason=RunEnd.POSTPONED))))["reason"] == "postponed"
