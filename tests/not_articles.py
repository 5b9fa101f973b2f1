"""Pages that are no articles, as content systems and servers build them: lists, forms, errors, walls and shells.

Each kind of page is written in the markup of each system, in Kazakh, Russian or English, with the menus, side columns
and teasers that such pages have. All words are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

WORDS = {
    "kk": {
        "paper": "Дала хабары",
        "menu": ["Жаңалықтар", "Қоғам", "Мәдениет", "Спорт", "Әлем", "Байланыс"],
        "section": "Қоғам",
        "heads": [
            "Ауылда жаңа кітапхана есігін ашты",
            "Өзен жағасындағы көпір жөнделіп жатыр",
            "Мектеп оқушылары көшет отырғызды",
            "Наурыз мерекесіне дайындық басталды",
            "Диқандар көктемгі егіске шықты",
            "Облыста жаңа автобус бағыты қосылды",
            "Домбырашылар байқауы өтті",
            "Су құбыры бес күнге тоқтатылады",
            "Жас шахматшы жүлделі оралды",
            "Дәрігерлер тұрғындарға кеңес берді",
        ],
        "teaser": "Бұл туралы аудан әкімдігінің баспасөз қызметі хабарлады, толығырақ мақалада.",
        "more": "Толығырақ",
        "found": "Іздеу нәтижелері: «көпір»",
        "nothing": "Ештеңе табылмады",
        "lost": "Бет табылмады",
        "lost_text": "Сіз іздеген бет жойылған немесе мекенжайы өзгерген болуы мүмкін. Басты бетке оралыңыз.",
        "login": "Кіру",
        "password": "Құпиясөз",
        "about": "Газет туралы",
        "about_text": "«Дала хабары» газеті аптасына екі рет шығады. Редакция мекенжайы: Орталық көше, 5-үй. Телефон: 22-33-44.",
        "contact": "Байланыс",
        "privacy": "Құпиялылық саясаты",
        "privacy_text": "Біз сайтқа кірушілердің деректерін үшінші тарапқа бермейміз. Cookie файлдары сайт жұмысы үшін ғана керек.",
        "author": "Автор: Айгүл Серікқызы",
        "archive": "Мұрағат: 2025 жылғы наурыз",
        "gallery": "Фотогалерея",
        "subscribe": "Газетке жазылу",
        "subscribe_text": "Жарты жылға жазылу құны 6 000 теңге. Төмендегі үлгіні толтырыңыз, біз сізге хабарласамыз.",
        "work": "Сайтта техникалық жұмыстар жүріп жатыр",
        "work_text": "Кешірім сұраймыз, сайт уақытша жұмыс істемейді. Кейінірек кіріп көріңіз.",
        "thanks": "Рақмет! Хабарламаңыз жіберілді",
        "map": "Сайт картасы",
        "video": "Видео",
        "poll": "Сауалнама",
    },
    "ru": {
        "paper": "Вести степи",
        "menu": ["Новости", "Общество", "Культура", "Спорт", "Мир", "Контакты"],
        "section": "Общество",
        "heads": [
            "В ауле открылась новая библиотека",
            "Мост через реку ремонтируют до осени",
            "Школьники посадили молодые деревья",
            "Город готовится к празднику Наурыз",
            "Фермеры вышли в поле раньше срока",
            "В области появился новый маршрут",
            "Прошёл конкурс молодых домбристов",
            "Воду отключат на пять дней",
            "Юный шахматист вернулся с наградой",
            "Врачи ответили на вопросы жителей",
        ],
        "teaser": "Об этом сообщила пресс-служба районного акимата, подробности в материале.",
        "more": "Подробнее",
        "found": "Результаты поиска по запросу «мост»",
        "nothing": "Ничего не найдено",
        "lost": "Страница не найдена",
        "lost_text": "Возможно, страница удалена или её адрес изменился. Вернитесь на главную страницу сайта.",
        "login": "Вход",
        "password": "Пароль",
        "about": "О газете",
        "about_text": "Газета «Вести степи» выходит два раза в неделю. Адрес редакции: улица Центральная, дом 5. Телефон: 22-33-44.",
        "contact": "Контакты",
        "privacy": "Политика конфиденциальности",
        "privacy_text": "Мы не передаём данные посетителей третьим лицам. Файлы cookie нужны только для работы сайта.",
        "author": "Автор: Айгуль Серикова",
        "archive": "Архив за март 2025 года",
        "gallery": "Фотогалерея",
        "subscribe": "Подписка на газету",
        "subscribe_text": "Подписка на полгода стоит 6 000 тенге. Заполните форму ниже, и мы свяжемся с вами.",
        "work": "На сайте ведутся технические работы",
        "work_text": "Приносим извинения, сайт временно не работает. Зайдите, пожалуйста, позже.",
        "thanks": "Спасибо! Ваше сообщение отправлено",
        "map": "Карта сайта",
        "video": "Видео",
        "poll": "Опрос",
    },
    "en": {
        "paper": "Steppe Herald",
        "menu": ["News", "Society", "Culture", "Sport", "World", "Contact"],
        "section": "Society",
        "heads": [
            "New library opens in the village",
            "River bridge under repair until autumn",
            "Pupils plant young trees by the road",
            "Town prepares for the spring holiday",
            "Farmers start sowing earlier than usual",
            "New bus route links two districts",
            "Young dombra players hold a contest",
            "Water to be cut off for five days",
            "Young chess player returns with a prize",
            "Doctors answer questions of residents",
        ],
        "teaser": "The press office of the district reported this, read the details in the story.",
        "more": "Read more",
        "found": "Search results for “bridge”",
        "nothing": "Nothing found",
        "lost": "Page not found",
        "lost_text": "The page may have been removed or its address has changed. Please go back to the home page.",
        "login": "Log in",
        "password": "Password",
        "about": "About us",
        "about_text": "Steppe Herald appears twice a week. Editorial office: 5 Central Street. Telephone: 22-33-44.",
        "contact": "Contact",
        "privacy": "Privacy policy",
        "privacy_text": "We do not pass on data of visitors to third parties. Cookies are needed to run this site only.",
        "author": "Author: Aigul Serik",
        "archive": "Archive: March 2025",
        "gallery": "Photo gallery",
        "subscribe": "Subscribe to the paper",
        "subscribe_text": "Half a year costs 6,000 tenge. Fill in the form below and we will get in touch with you.",
        "work": "The site is under maintenance",
        "work_text": "We are sorry, the site is temporarily unavailable. Please try again later.",
        "thanks": "Thank you! Your message has been sent",
        "map": "Site map",
        "video": "Video",
        "poll": "Poll",
    },
}
Text = dict[str, str]


@dataclass(frozen=True)
class NoArticle:
    """A page that is no article: its name, URL and markup."""

    name: str
    url: str
    html: str


@dataclass(frozen=True)
class System:
    """The markup of a content system: body classes by kind of page, a teaser, and what stands around the content."""

    name: str
    head: str
    body: Callable[[str], str]
    teaser: str
    around: str
    address: Callable[[str], str]
    """Path of the page of a kind."""


def _wordpress_class(kind: str) -> str:
    classes = {
        "home": "home blog",
        "section": "archive category category-qogam category-7",
        "tag": "archive tag tag-auyl tag-12",
        "author": "archive author author-aigul author-3",
        "month": "archive date",
        "search": "search search-results",
        "nothing": "search search-no-results",
        "lost": "error404",
        "about": "page-template-default page page-id-2",
        "contact": "page-template-default page page-id-5",
        "privacy": "privacy-policy page-template-default page page-id-3",
        "gallery": "page-template-default page page-id-9",
        "map": "page-template-default page page-id-11",
        "video": "archive post-type-archive post-type-archive-video",
    }
    return f"{classes.get(kind, 'page page-id-20')} wp-custom-logo wp-embed-responsive hfeed"


_PATHS = {
    "home": "/",
    "section": "/category/qogam/",
    "tag": "/tag/auyl/",
    "author": "/author/aigul/",
    "month": "/2025/03/",
    "search": "/?s=bridge",
    "nothing": "/?s=zzzz",
    "lost": "/old-address-of-nothing/",
    "login": "/login/",
    "about": "/about/",
    "contact": "/contacts/",
    "privacy": "/privacy-policy/",
    "subscribe": "/subscribe/",
    "gallery": "/gallery/",
    "work": "/2025/03/15/zhana-kitaphana/",
    "thanks": "/thanks/",
    "map": "/sitemap/",
    "video": "/video/",
    "paged": "/page/7/",
}


def _own(**paths: str) -> Callable[[str], str]:
    return lambda kind: paths.get(kind, _PATHS.get(kind, f"/{kind}/"))


SYSTEMS = [
    System(
        "wordpress",
        '<meta name="generator" content="WordPress 6.8">',
        _wordpress_class,
        '<article class="post type-post status-publish hentry category-qogam"><h2 class="entry-title"><a href="{url}">'
        '{head}</a></h2><div class="entry-summary"><p>{teaser}</p><a class="more-link" href="{url}">{more}</a></div></article>',
        '<header class="site-header"><nav class="main-navigation"><ul>{menu}</ul></nav></header><div class="site-content">'
        '<main id="main" class="site-main"><h1 class="page-title">{title}</h1>{content}</main>'
        '<aside class="widget-area"><section class="widget widget_recent_entries"><ul>{recent}</ul></section></aside></div>',
        _own(),
    ),
    System(
        "bitrix",
        "<script>BX.message({});</script>",
        lambda kind: "",
        '<div class="news-item" id="bx_3218110189_{n}"><a href="{url}"><b>{head}</b></a><br>{teaser}<br>'
        '<small><span class="news-date-time">{n}.03.2025</span></small></div>',
        '<div id="panel"></div><div id="header"><ul id="top-menu">{menu}</ul></div><div id="content"><h1>{title}</h1>'
        '<div class="news-list">{content}</div></div><div id="sidebar"><ul>{recent}</ul></div>',
        _own(
            section="/news/society/",
            tag="/search/index.php?tags=auyl",
            author="/authors/aigul/",
            month="/news/?arrFilter=03.2025",
            search="/search/index.php?q=bridge",
            nothing="/search/?q=zzzz",
            login="/auth/",
            about="/about/",
        ),
    ),
    System(
        "dle",
        '<meta name="generator" content="DataLife Engine (http://dle-news.ru)">',
        lambda kind: "",
        '<div class="short"><h2 class="short-title"><a href="{url}">{head}</a></h2><div class="short-text">{teaser}</div>'
        '<div class="short-meta"><span>{n}-03-2025</span> <a href="{url}#comment">0</a></div></div>',
        '<div class="wrap"><ul class="topmenu">{menu}</ul><div id="dle-content"><h1>{title}</h1>{content}</div>'
        '<div class="side"><ul>{recent}</ul></div></div>',
        _own(
            section="/society/",
            tag="/tags/auyl/",
            author="/user/aigul/",
            month="/2025/03/",
            search="/index.php?do=search&story=bridge",
            nothing="/index.php?do=search&story=zzzz",
            login="/index.php?do=login",
        ),
    ),
    System(
        "drupal",
        '<meta name="Generator" content="Drupal 10 (https://www.drupal.org)">',
        lambda kind: "path-frontpage" if kind == "home" else "path-taxonomy" if kind in ("section", "tag") else "path-node",
        '<div class="views-row"><div class="views-field views-field-title"><span class="field-content"><a href="{url}">{head}'
        '</a></span></div><div class="views-field views-field-body"><p>{teaser}</p></div></div>',
        '<nav role="navigation"><ul class="menu">{menu}</ul></nav><main role="main"><div class="region region-content">'
        '<h1 class="page-title">{title}</h1><div class="view-content">{content}</div></div></main>'
        '<aside class="region-sidebar"><ul>{recent}</ul></aside>',
        _own(
            section="/taxonomy/term/7",
            tag="/taxonomy/term/12",
            author="/user/3",
            month="/archive/202503",
            search="/search/node?keys=bridge",
            nothing="/search/node?keys=zzzz",
            login="/user/login",
            contact="/contact",
        ),
    ),
    System(
        "joomla",
        '<meta name="generator" content="Joomla! - Open Source Content Management">',
        lambda kind: "site com_content view-category layout-blog",
        '<div class="item"><div class="page-header"><h2 itemprop="headline"><a href="{url}" itemprop="url">{head}</a></h2></div>'
        '<p>{teaser}</p><p class="readmore"><a class="btn" href="{url}">{more}</a></p></div>',
        '<ul class="nav menu">{menu}</ul><main id="content"><div class="blog"><div class="page-header"><h1>{title}</h1></div>'
        '<div class="items-leading">{content}</div></div></main><div class="well"><ul class="latestnews">{recent}</ul></div>',
        _own(
            section="/index.php/qogam",
            tag="/index.php/component/tags/tag/auyl",
            search="/index.php/search?q=bridge",
            nothing="/index.php/search?q=zzzz",
            login="/index.php/login",
            author="/index.php/authors/aigul",
        ),
    ),
    System(
        "ghost",
        '<meta name="generator" content="Ghost 5.80">',
        lambda kind: {"home": "home-template", "tag": "tag-template tag-auyl", "author": "author-template author-aigul"}.get(
            kind, "tag-template tag-qogam" if kind == "section" else "page-template"
        ),
        '<article class="post-card post"><a class="post-card-content-link" href="{url}"><h2 class="post-card-title">{head}</h2>'
        '<div class="post-card-excerpt">{teaser}</div></a></article>',
        '<header class="gh-head"><ul class="nav">{menu}</ul></header><main class="gh-main"><h1>{title}</h1>'
        '<div class="post-feed">{content}</div></main><footer><ul>{recent}</ul></footer>',
        _own(section="/tag/qogam/", search="/search/?q=bridge", nothing="/search/?q=zzzz"),
    ),
    System(
        "next",
        '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{}}}</script>',
        lambda kind: "",
        '<a class="Card_root__x1" href="{url}"><h3 class="Card_title__y2">{head}</h3><p class="Card_text__z3">{teaser}</p></a>',
        '<div id="__next"><header><nav><ul>{menu}</ul></nav></header><main><h1>{title}</h1><div class="Grid_root__a1">{content}'
        '</div></main><aside><ul>{recent}</ul></aside></div>',
        _own(section="/society", tag="/tags/auyl", author="/authors/aigul", search="/search?q=bridge", nothing="/search?q=zz"),
    ),
]  # fmt: skip


def _list(system: System, words: Text, title: str, count: int = 10) -> str:
    heads = cycle(words["heads"])
    return "".join(
        system.teaser.format(
            url=f"/2025/03/{n + 1:02}/story-{n}/",
            head=next(heads),
            teaser=words["teaser"],
            more=words["more"],
            n=n + 10,
        )
        for n in range(count)
    )


def _form(words: Text, *fields: str) -> str:
    inputs = "".join(f'<p><label>{field}</label><input type="text" name="f{n}"></p>' for n, field in enumerate(fields))
    return f'<form method="post" action="/send/">{inputs}<button>OK</button></form>'


def _login(words: Text) -> str:
    return (
        f'<form method="post"><label>E-mail</label><input type="email" name="log"><label>{words["password"]}</label>'
        f'<input type="password" name="pwd"><button>{words["login"]}</button></form>'
    )


def _links(words: Text, times: int = 5) -> str:
    entries = "".join(
        f'<li><a href="/s/{n}-{i}/">{head}</a></li>' for i in range(times) for n, head in enumerate(words["heads"])
    )
    return f"<ul>{entries}</ul>"


def _photos(words: Text) -> str:
    return "".join(
        f'<figure><a href="/gallery/{n}/"><img src="/upload/{n}-300x200.jpg" alt=""></a><figcaption>{head}</figcaption></figure>'
        for n, head in enumerate(words["heads"])
    )


KINDS: dict[str, tuple[Callable[[Text], str], Callable[[System, Text], str]]] = {
    "home": (lambda w: w["paper"], lambda s, w: _list(s, w, "", 12)),
    "section": (lambda w: w["section"], lambda s, w: _list(s, w, "")),
    "tag": (lambda w: f"#{w['section']}", lambda s, w: _list(s, w, "", 6)),
    "author": (lambda w: w["author"], lambda s, w: _list(s, w, "")),
    "month": (lambda w: w["archive"], lambda s, w: _list(s, w, "")),
    "paged": (lambda w: w["section"], lambda s, w: _list(s, w, "")),
    "search": (lambda w: w["found"], lambda s, w: _form(w, "") + _list(s, w, "", 7)),
    "nothing": (lambda w: w["nothing"], lambda s, w: _form(w, "")),
    "lost": (lambda w: w["lost"], lambda s, w: f"<p>{w['lost_text']}</p>" + _form(w, "")),
    "login": (lambda w: w["login"], lambda s, w: _login(w)),
    "about": (lambda w: w["about"], lambda s, w: f"<p>{w['about_text']}</p>"),
    "contact": (lambda w: w["contact"], lambda s, w: f"<p>{w['about_text']}</p>" + _form(w, "E-mail", "Text")),
    "privacy": (lambda w: w["privacy"], lambda s, w: f"<p>{w['privacy_text']}</p>" * 3),
    "gallery": (lambda w: w["gallery"], lambda s, w: _photos(w)),
    "work": (lambda w: w["work"], lambda s, w: f"<p>{w['work_text']}</p>"),
    "map": (lambda w: w["map"], lambda s, w: _links(w)),
    "video": (lambda w: w["video"], lambda s, w: _list(s, w, "", 9)),
}
"""Kind -> its title, and its content in the markup of a system."""


def _page(system: System, kind: str, language: str) -> NoArticle:
    words = WORDS[language]
    make_title, make_content = KINDS[kind]
    title = make_title(words)  # type: ignore[arg-type]
    menu = "".join(f'<li><a href="/m/{n}/">{entry}</a></li>' for n, entry in enumerate(words["menu"]))
    recent = "".join(f'<li><a href="/r/{n}/">{head}</a></li>' for n, head in enumerate(words["heads"][:5]))
    around = system.around.format(menu=menu, recent=recent, title=title, content=make_content(system, words))  # type: ignore[arg-type]
    name = words["paper"]
    html = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title} - {name}</title>{system.head}'
        f'</head><body class="{system.body(kind)}">{around}<footer><p>© 2025 {name}</p></footer></body></html>'
    )
    return NoArticle(f"{system.name}-{kind}-{language}", f"https://paper.example{system.address(kind)}", html)


SERVERS = {
    "cloudflare": ("Just a moment...", "<h1>paper.example</h1><p>Verifying you are human. This may take a few seconds.</p>"),
    "ddos-guard": ("DDOS-GUARD", "<h1>Checking your browser before accessing paper.example</h1><p>Please wait.</p>"),
    "denied": ("Access Denied", "<h1>Access Denied</h1><p>You don't have permission to access this page. Reference #18.2</p>"),
    "attention": ("Attention Required!", "<h1>Sorry, you have been blocked</h1><p>You are unable to access paper.example</p>"),
    "captcha": ("Are you a robot?", "<form><p>Type the letters of the picture</p><input name=c><img src=/captcha.png></form>"),
    "consent": ("Before you continue", "<form><p>We and our partners store cookies on your device.</p><button>OK</button></form>"),
    "nginx": ("502 Bad Gateway", "<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>"),
    "unavailable": ("503 Service Temporarily Unavailable", "<center><h1>503 Service Temporarily Unavailable</h1></center>"),
    "iis": ("404 - File or directory not found.", ("<h2>404 - File or directory not found.</h2><h3>The resource might have been"
            " removed, had its name changed, or is temporarily unavailable.</h3>")),
    "apache": ("Index of /upload", "<h1>Index of /upload</h1><pre><a href=../>Parent Directory</a>\n<a href=a.jpg>a.jpg</a></pre>"),
    "welcome": ("Welcome to nginx!", ("<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully"
                " installed and working. Further configuration is required.</p>")),
    "database": ("Error establishing a database connection", "<h1>Error establishing a database connection</h1>"),
    "parked": ("paper.example", "<h1>paper.example</h1><p>This domain is for sale.</p><ul><li><a href=/b>Buy</a></li></ul>"),
    "shell": ("Paper", ('<div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript>'
              '<script src="/main.js"></script>')),
    "nuxt": ("Paper", '<div id="__nuxt"></div><script src="/_nuxt/entry.js"></script>'),
    "empty": ("", ""),
    "blank": ("Paper", "<p>&nbsp;</p>"),
    "phpinfo": ("phpinfo()", "<h1>PHP Version 8.2</h1><table><tr><td>System</td><td>Linux</td></tr></table>"),
    "password": ("Protected", ('<article class="post"><form class="post-password-form" method="post"><p>This content is password'
                 ' protected. Enter your password below.</p><input type="password"></form></article>')),
    "suspended": ("Account Suspended", ("<h1>Account Suspended</h1><p>This account has been suspended. Contact your hosting"
                  " provider for more information.</p>")),
}  # fmt: skip


def no_articles() -> Iterator[NoArticle]:
    """Yield all pages: each kind in each system, in two languages in turn, and those of servers."""
    languages = cycle(WORDS)
    for system in SYSTEMS:
        for kind in KINDS:
            yield _page(system, kind, next(languages))
            next(languages)
            yield _page(system, kind, next(languages))
    for name, (title, body) in SERVERS.items():
        html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
        yield NoArticle(name, f"https://paper.example/2025/03/15/{name}/", html)
