"""Boilerplate lines: sharing, related articles, counters, subscriptions, comments, advertising and navigation.

Kazakh (in three scripts) and Russian are matched by word skeletons (see datewords.skeleton), so that one pattern
covers «Ұқсас жаңалықтар», «Ūqsas jaŋalyqtar» and keyboards without Kazakh letters. Other languages are matched as
written.
"""

from __future__ import annotations

import re
from functools import lru_cache

from newsarchive.kazakh.datewords import code_of, skeleton
from newsarchive.kazakh.scripts import clean_text, fold_lookalikes

_MAX_LENGTH = 320


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_NEWS = (
    "(?:жаналы[кг](?:тар)?(?:ы|ды|га)?|матерыал(?:дар)?(?:ы|ды)?|макала(?:лар)?(?:ы|ды)?|жазба(?:лар)?"
    "|хабар(?:лар)?|беыне(?:лер)?|выдео)"
)
_NEWS_RU = "(?:новост[ыей]+|матерыал[ыов]*|стат[ыей]+|публыкацы[ыя]|запыс[ыей]+|сюжет[ыов]*|выдео)"
_CHANNEL = (
    "(?:телеграм|телегрма|ынстаграм|уатсап|уатсапп|уотсап|фасебоок|феысбук|ютуб|ыоутубе|тыкток|тыктокк"
    "|гоогле|гугл|телеграмм|тректытер|канал"
    "|парак|соцсет|алеуметтык|рассылк|хабарлама|неуслеттер|вк|дзен|твыттер|туыттер|саыт|жаналык|новост)"
)
# "Read also", alone or before a colon and a headline.
_READ_ALSO = _any_of(
    "(?:(?:сондаы ак|тагы(?: да)?|осыны(?: да)?|муны|такырыпка ораы|такырып боыынша|осы такырыпта) )*"
    "(?:окыныз(?:дар)?|окы отырыныз(?:дар)?|караныз(?:дар)?|корыныз(?:дер)?|кора отырыныз)(?: да)?",
    "(?:сондаы ак|такырыпка ораы|такырыптас|уксас) ?(?:окы отырыныз|окыныз|жаналык|матерыал|макала)?",
    "(?:чытаыте|смотрыте|слушаыте)(?: также| еще| далее| по теме| подробнее| тоже| на эту тему| у нас)+(?: по теме)?",
    "чытат (?:также|еще|далее|полностю|подробнее)|по теме|матерыал[ыа]* по теме|еще по теме",
    "дагы окунуз|окуы отурунуз|чытаыте також|чытаыте також|дывыт[уо]ся також|до теми|до темы",
)
_READ_ALSO_PLAIN = _any_of(
    "(?:also )?(?:read|see|watch|listen)(?: also| more| next| too)(?: stories| news| here| on this| about this)*",
    "related|see also|also read",
    "related (?:articles?|posts?|news|stor(?:y|ies)|coverage|content|topics|links)|more on this",
    "you may also like|recommended(?: for you)?",
    "lesen sie auch|lesen sie (?:hier )?mehr|mehr (?:zum thema|dazu)|lies auch|auch interessant",
    "passend dazu",
    "(?:à )?lire (?:aussi|également|la suite)|voir aussi|sur le même sujet|à voir aussi",
    "le[ae] (?:también|tambien|más|además)|leer más|ver más|te puede interesar|además",
    "también te puede interesar|más información",
    "leggi anche|leggi (?:tutto|di più)|ti potrebbe interessare|vedi anche|leia (?:também|mais)",
    "veja também|saiba mais",
    "lees ook|lees meer|bekijk ook|czytaj (?:też|także|również|więcej)|zobacz (?:też|także|również)",
    "čtěte (?:také|i)|čítajte (?:aj|tiež)",
    "läs (?:också|även|mer)|læs også|les også|lue myös|citește și|olvasd el|pročitajte i|ayrıca okuyun",
    "ilgili haber(?:ler)?|haberin devamı",
    "関連記事|あわせて読みたい|続きを読む|相关阅读|相关新闻|阅读更多|延伸閱讀|관련기사",
    "اقرأ (?:أيضا|أيضاً|المزيد)|بیشتر بخوانید|baca juga",
    "xem thêm|đọc thêm",
)
_BOILERPLATE = _any_of(
    # related articles and "more"
    "толыгырак(?: оку| окыныз| карау)?|толык(?:тыруы)? ?(?:оку|нусканы оку|окыныз)|толыгымен|толык",
    "барлыгы|барлык жаналык(?:тар)?",
    "тагы ?да?(?: жуктеу| корсету| коры?у)?|кобырек(?: оку| коры?у)?|жалгасын оку|жалгасы",
    "(?:сонгы|сон[ыг]ы|уксас|озге(?:лердын)?|баска(?: да)?|маызды|манызды|басты|танымал|озекты|тандаулы"
    f"|уздык|такырыптас|такырыпка саы|коп окылган|жана|кунын) {_NEWS}",
    f"(?:ен )?(?:коп окылган(?:дар)?|танымал|озекты|маызды)(?: {_NEWS})?|фото ?мурагат|фото ?галерея",
    "жаналыктар (?:лентасы|легы|тызбегы|агыны)|манызды",
    f"(?:похожые|последные|главные|популярные|свежые|другые|все|еще|важные) {_NEWS_RU}",
    f"{_NEWS_RU} (?:партнеров|дня|по теме|часа)",
    "сеычас (?:чытают|обсуждают|на главной)|популярное",
    "самое (?:чытаемое|популярное|обсуждаемое|ынтересное)|лента (?:событыы|новостеы)",
    "опрос|чытат(?: далее)?|подробнее|далее|загрузыт еще|показат (?:еще|болше)|рекомендуем(?: также)?",
    "смотрыте выдео|выдео дня|тоже ынтересно",
    # share
    "болысу|болысыныз(?:дер)?|достарынызбен болысыныз(?:дер)?|сылтеме(?:ны)? коширу|сылтеме кошырылды",
    "сылтеме(?:ны)? кошыру|кошыру|басып шыгару",
    "поделы(?:тес|тся|т)(?: (?:новостю|статеы|в соцсетях|с друзямы|ссылкоы|этым|матерыалом|публыкацыеы))*",
    "ссылка скопырована|скопыроват ссылку",
    "(?:распечатат|печат|версыя для (?:печаты|слабовыдящых)|отправыт другу|класснут|твытнут|в закладкы|сохраныт)",
    # subscribe
    "хабарламаларга жазылу|жазылу|жазылыныз(?:дар)?|жаналыктар телефонынызда|кыска да нуска(?: .{0,60})?",
    "подпысат?ся|подпысываытес|подпысаться|гоогле неус|рассылка|мы в соцсетях|быз алеуметтык желыде",
    "алеуметтык желылер(?:де)?",
    "предложыт новост|прыслат новост|сообщыт новост|жаналык (?:жыберу|усыну)",
    "следыте за (?:новостямы|намы)(?: .{0,60})?|нравытся (?:блог|статя|матерыал)(?: .{0,40})?",
    "(?:макала|матерыал|жаналык|достар)(?:мен|бен|пен|ларымен|ынызбен) болыс(?:у|ыныз(?:дер)?)",
    "(?:бул туралы )?толыгырак мында",
    "поделытся (?:в|на|во) .{2,20}|0 мын(?:ут)? оку|главное(?: сегодня| за ден)?|бул туралы толыгырак",
    "(?:сурет|фото)(?:тер|лар)? .{0,30}дереккозден(?: алынды| алынган)?|(?:бул )?саыттын мобылды нускасы",
    "(?:заметылы|увыделы|обнаружылы) (?:ошыбку|опечатку)(?: .{0,80})?|.{0,40}(?:стрл|цтрл|ктрл) ентер .{0,40}",
    # error reports and comments
    "(?:матындегы|беттегы|матынде)? ?кате(?:ны)? ?(?:таптыныз ба|хабарлау|болса)?(?: .{0,60})?ентер",
    "беттегы кате|кате таптыныз ба(?: .{0,60})?",
    "(?:вы )?нашлы (?:ошыбку|опечатку)(?: .{0,100})?|сообщыт об ошыбке",
    "(?:0 )?пыкыр(?:лер|ынызды)?(?: 0)?(?: (?:калдыру|косу|устеу|жазу|былдыру|калдырыныз|жазыныз|жок|былдырыныз))?",
    "пыкыр калдыру ушын .{0,60}",
    "(?:0 )?(?:комментары[ыйеяв]+|комментар(?:ыы|ыев|ыя))(?: 0)?",
    "(?:оставыт|добавыт|напысат|отправыт) (?:свои |своы )?(?:комментары[ый]*|отзыв)",
    "комментарыев (?:пока )?нет|обсужденые",
    # counters
    "0 рет|рет|корсетылды|рет корсетылды|0 рет (?:корсетылды|каралды|окылды|окыды)",
    "0? ?(?:каралым(?:дар)?|корылым|окылым|окылды|каралды|корылды)(?: саны)?(?: 0)?",
    "(?:0 )?мын(?:ут)?(?: оку ушын| окылады)?|мын оку ушын|оку ушын|куны (?:0 )*рет окылды",
    "оку уакыты 0 мын(?:ут)?",
    "(?:просмотр(?:ов|ы|а)?|прочытано|прочтеныы|показов) 0(?: раз)?|0 просмотр(?:ов|а)?",
    "время чтеныя 0 мын(?:ут[аы]?)?",
    # legal
    "(?:.{0,60} )?барлык кукыктар(?:ы)? коргалган(?: .{0,60})?",
    "(?:.{0,30} )?все права защыщены(?: .{0,80})?",
    "(?:пры )?(?:ысползованы[еяы]|перепечатк[аеы]|копырованы[еяы]) (?:любых )?(?:матерыалов|ынформацыы).{0,200}",
    "(?:.{0,80} )?куалыгы(?: .{0,80})?0(?: .{0,80})?|свыдетелство(?: о .{0,120})?|куалыгы",
    # navigation
    "басты ?(?:бет(?:ке оту)?|саытка оту)|саыттын толык нускасы|тыкелеы эфыр|жобалар|редакцыямен баыланыс",
    "баыланыс(?:тар)?|жарнама(?: орналастыру| беру)?|быз туралы|мурагат(?: 0)*",
    "кыру|тыркелу|шыгу|аккаунтыныз жок па|купыя создып?ы? умытып калдыныз ба",
    "купыя созды умытып калдыныз ба|ыздеу|мазыр|саыт картасы|келесы|алдынгы|артка|жогары(?:га)?",
    "домоы|(?:на )?главную|на главную .{0,40}|главная(?: страныца)?|подробносты статы|категорыя|автор",
    "месяц .{3,20} 0|вверх|наверх|наза[дт]|воыты|регыстрацыя|контакты|о нас|обратная связ|поыск|меню",
    "карта саыта|прямоы эфыр|тегы|метк[ыа]",
    "реклама|на правах рекламы|жарнама ретынде|спонсор|партнерскыы матерыал",
    # images and teasers
    "ашык дереккоз(?:ы|дер|дерден|ден)?",
    "(?:сурет|фото)(?:тер|лар)? ?(?:ашык дереккоз(?:ы|дер|дерден|ден)?|ынтернет(?:тен)?|автордан|автордыкы)?",
    "(?:архывное )?фото (?:ыз|с) (?:открытых ысточныков|ынтернета|свободного доступа|архыва.{0,30}|саыта.{0,30})",
    "фото автора|ыллюстратывное фото|коллаж(?:ды)? жасаган .{0,60}",
    "толыгырак (?:выдео|беыне|тылшы|сюжет|репортаж).{0,60}",
    "толыгырак .{0,30}(?:матерыалында|сюжетынде|репортажында|беынежазбада)",
)
_BOILERPLATE_PLAIN = _any_of(
    "read(?: the)?(?: full| whole)?(?: article| story| post)|continue reading(?: .{0,60})?",
    "more(?: news| stories| from .{2,30})|most (?:read|popular|viewed)",
    "(?:latest|top|trending|popular|breaking) (?:news|stories|posts|articles)|trending(?: now)?",
    "load(?:ing)?(?: more)?|show more|view (?:all|more)|see all|click (?:here|to) .{0,40}",
    "share(?: (?:this|on|via|with) ?.{0,40})?|share article|copy link|link copied",
    "print(?: this)?(?: article| page)?|e-?mail(?: this)?(?: article)?|tweet(?: this)?|pin it",
    "(?:facebook|twitter|x|whatsapp|telegram|vk|linkedin|pinterest|reddit|email|viber|ok|messenger"
    "|instagram|youtube|tiktok|threads)(?:[ ,](?:facebook|twitter|x|whatsapp|telegram|vk|linkedin"
    "|pinterest|reddit|email|viber|messenger|instagram|youtube|tiktok|copy link|threads))*",
    "subscribe(?: (?:now|to|here|today)\\b.{0,60})?|sign up(?: (?:for|to|now|here)\\b.{0,60})?|sign in",
    "log ?in|newsletters?|follow us(?: on .{0,60})?",
    "join (?:us|our) (?:on )?.{0,30}(?:telegram|whatsapp|facebook|channel).{0,20}",
    "get the latest news.{0,80}",
    "comments(?: are closed| \\(?\\d+\\)?)?|\\d+ comments?|no comments(?: yet)?",
    "(?:leave|post|add|write) (?:a |your )?(?:comment|reply)|view comments.{0,20}|cancel reply",
    "be the first to comment",
    "advert(?:isement|isment|ising|orial)?s?(?: ?[-–—:]? ?(?:story|article) continues below.{0,20}| \\d+)?",
    "(?:story|article) continues (?:below|after).{0,30}|sponsored(?: content)?|promoted(?: content)?|ad",
    "ads by .{0,20}",
    "no menu items|back to (?:top|home).{0,10}|page reader.{0,20}press enter.{0,60}|image default",
    "skip to (?:main )?content|home|menu|search|close|previous|next|(?:previous|next) (?:article|post)",
    "posted (?:in|on|by) .{0,40}|tags?|topics?|categories|category|monthly archives .{0,30}|source|photo",
    "image|view original|getty images|picture",
    "(?:©|\\(c\\)|copyright).{0,100}|all rights reserved.{0,60}|.{0,60}all rights reserved",
    "terms (?:of use|and conditions)|privacy policy|cookie.{0,20}|certificate of registration.{0,80}",
    "anzeige|werbung|weiterlesen|mehr lesen|zur startseite|startseite|(?:artikel )?teilen",
    "kommentare?(?: \\d+)?|(?:artikel )?drucken|merken|newsletter abonnieren|jetzt (?:abonnieren|lesen)",
    "auf (?:facebook|twitter|x|whatsapp) teilen",
    "publicité|partager(?: sur .{0,20}| l'article)?|s'abonner|abonnez-vous.{0,40}|commentaires?(?: \\d+)?",
    "réagir|imprimer|suivez-nous.{0,40}|la suite après (?:la|cette) publicité|lire plus tard",
    "publicidad|compartir(?: en .{0,20})?|suscr[ií]bete.{0,40}|comentarios(?: \\d+)?|s[ií]guenos.{0,40}",
    "imprimir|pubblicità|condividi(?: su .{0,20})?|commenti(?: \\d+)?|iscriviti.{0,40}|publicidade",
    "compartilh(?:e|ar).{0,20}|comentários|continua (?:após|depois d)a publicidade",
    "reklam|reklama|paylaş|yorum(?:lar)?(?: yap)?|devamını oku|udostępnij|komentarze|advertentie|delen",
    "reacties|deel (?:dit|via).{0,20}|annons|dela|annonce|mainos|jaa|реклама|поділитися|広告|シェアする|广告|공유",
    "إعلان|شارك|تبليغات",
    "1[268]\\+|тагыда|admin",
)
_RATES = re.compile(
    r"(?:\b(?:USD|EUR|RUB|CNY|KZT|GBP)\b\W*\d+[.,]?\d*\W*){2,}|[$€₽]\s*\d+[.,]\d+\W+\d+[.,]\d+.*"
    r"|.*[+-]?\d+(?:[.,]\d)?\s?°?\s?[CС]\b.{0,60}"
)
_LINK_REQUIRED = re.compile(
    "(?:кошыр|басып шыгар|паыдалан|жарыяла).*сылтеме .*мындетты$|ссылк[аы] .*обязателна|гыперссылк.* обязателна"
)
_CHANNELS = re.compile(_CHANNEL)
_TAGS = _any_of("тегтер|тегы|метк[ыа]|кылт создер|ключевые слова|tags?|topics?|schlagwörter|etiquetas|mots clés")
_JOIN_US = re.compile(
    "(?:жазыл(?:ыныз(?:дар)?|у)|косылыныз(?:дар)?|подпысываытес|подпышытес|подпысат?ся|прысоедыняытес"
    "|чытаыте нас|следыте)"
)
_PHOTO_LINE = re.compile(
    r"(?i:(?:фото|сурет(?:тер)?|photo|foto|сүрөт|коллаж)(?:лар|тар|сы|і)?\s?[:©/–—-]\s*.{0,70})"
    r"|(?:[Фф]ото|ФОТО|[Сс]урет|СУРЕТ) [А-ЯӘҒҚҢӨҰҮҺІ].{0,50}"
)
_DAY_LINE = re.compile(
    r"W[ ,]*(?:\d{1,2}[ ,.]*M[a-l]|M[a-l] \d{1,2})[ ,.]*(?:\d{4})?[ ,.]*Y?"
    r"|\d{1,2}\.\d{1,2}\.\d{4},? ?\d{1,2}:\d\d(?::\d\d)?|\d{1,2} M[a-l],? \d{4},? ?\d{1,2}:\d\d"
)


@lru_cache(maxsize=4096)
def is_boilerplate(line: str) -> bool:
    """True if a whole line is boilerplate in any supported language.

    >>> [is_boilerplate(x) for x in ("Сондай-ақ оқыңыз:", "Pıkır üsteu", "1550 рет қаралды", "Читайте также: Рост цен")]
    [True, True, True, True]
    >>> is_boilerplate("Кітап оқыңыз деп ақын жастарға кеңес берді."), is_boilerplate("Read more books, he said.")
    (False, False)
    """
    text = " ".join(fold_lookalikes(clean_text(line)).split())
    if not text or len(text) > _MAX_LENGTH:
        return False
    if _RATES.fullmatch(text) or _PHOTO_LINE.fullmatch(text) or _is_day_line(text):
        return True
    parts = [part for part in re.split(r"\s*[/|•;»›]\s+|\s+[/|•›·]\s*", text) if re.search(r"\w", part)]
    return bool(parts) and all(map(_is_phrase, parts)) if len(parts) != 1 else _is_phrase(text)


def _is_phrase(text: str) -> bool:
    plain = re.sub(r"[^\w+&()'’-]+", " ", text.casefold()).strip(" -'’_")
    bare = bare_words(text)
    if _BOILERPLATE.fullmatch(bare) or _READ_ALSO.fullmatch(bare):
        return True
    if _BOILERPLATE_PLAIN.fullmatch(plain) or _READ_ALSO_PLAIN.fullmatch(plain):
        return True
    words = bare.count(" ") + 1
    if _LINK_REQUIRED.search(bare) or (words <= 14 and _JOIN_US.search(bare) and _CHANNELS.search(bare)):
        return True
    sentences = re.split(r"(?<=[.!?…])\s+", text)
    if len(sentences) > 1 and all(map(_is_phrase, sentences)):
        return True
    label, colon, rest = text.partition(":")
    if not colon or not rest or len(label) > 45:
        return False
    first, first_plain = bare_words(label), re.sub(r"\W+", " ", label.casefold()).strip()
    return any(p.fullmatch(first) for p in (_READ_ALSO, _TAGS)) or any(
        p.fullmatch(first_plain) for p in (_READ_ALSO_PLAIN, _TAGS)
    )


def bare_words(text: str) -> str:
    """Return the skeletons of a line's words, with each figure as 0 and without punctuation.

    >>> bare_words("Күні: , 48 рет оқылды!")
    'куны 0 рет окылды'
    """
    return " ".join("0" if word[0].isdigit() else skeleton(word) for word in _WORDS.findall(text))


_WORDS = re.compile(r"\d+(?:[.,\u00a0 ]\d{3})*|[^\W\d_]+(?:['’ʼ\u0300-\u036f][^\W\d_]+)*")


def _is_day_line(text: str) -> bool:
    if len(text) > 60 or not re.search(r"\d", text):
        return False
    return bool(_DAY_LINE.fullmatch(re.sub(r"[^\W\d_]+", lambda m: code_of(m[0]), text)))
