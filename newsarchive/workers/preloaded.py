"""Loads all that extraction needs, by extracting a page: workers are forked from a process that imported this."""

from __future__ import annotations

import importlib

from newsarchive.items import Hints, Page
from newsarchive.sites import Site
from newsarchive.workers.extracting import extract_one
from newsarchive.workers.lean_imports import without_modules

PAGE = """<!DOCTYPE html><html lang="kk"><head><title>Көктем</title></head><body><article><h1>Көктем келді</h1>
<p>Ауылдың шетіндегі өзенде мұз еріп, балалар жағаға шықты. Ертеңіне мектепте сабақ басталды, мұғалім оқушыларын
бақтағы ағаштарды отырғызуға ертіп барды. Көшет тасығандар да, су құйғандар да болды, кешке қарай бақ іші жасарып
қалғандай көрінді.</p><p>Кешке ауыл тұрғындары жиналып, биылғы егіс туралы ақылдасты. Тұқым қоймаға жеткізілген,
техника жөнделген, тек жауынның қашан жауары ғана белгісіз, дейді диқандар. Жиын соңында әр көшеге бір үйден көмекші
бөлінетін болды.</p></article></body></html>"""

with without_modules("py3langid"):
    # trafilatura loads it with numpy, a quarter of its time, for a choice of languages that is not used here; we load
    # it for the few texts whose letters do not tell their language
    importlib.import_module("newsarchive.extraction.article")

extract_one(
    (Page(url="http://localhost/2024/koktem/", body=PAGE.encode()),),
    "http://localhost/2024/koktem/",
    Site(name="warm", url="http://localhost/"),
    Hints(),
)
