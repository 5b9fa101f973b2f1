"""The one configuration: Scrapy's settings, and ours (ARCHIVE_*, EXTRACTION_*, BACK_OFF_*)."""

import os

BOT_NAME = "newsarchive"
SPIDER_LOADER_CLASS = "newsarchive.crawling.spiderloader.SiteSpiderLoader"
SPIDER_MODULES: list[str] = []

# Ours
ARCHIVE_FOLDER = os.environ.get("NEWSARCHIVE_DATA") or "data"
ARCHIVE_ENABLED = True
ARCHIVE_LOCK = True  # hold the archive for the run; the command line holds it itself
PAGE_WARC_FOLDER = ""  # where a one-off fetch keeps its responses; empty: nowhere
PAGE_WARC_NAME = ""
ARCHIVE_BATCH_SECONDS = 0.1  # that a page waits to be stored with others
ARCHIVE_BATCH_ARTICLES = 20
ARCHIVE_FULL = False  # walk every source to its end and fetch every page again
ARCHIVE_RETRY = False  # try failed pages now, whatever they wait for
ARCHIVE_SINCE = ""  # a day: nothing published before it
ARCHIVE_LIMIT = 0  # articles to fetch at most; 0 is all
ARCHIVE_LISTED_AHEAD = 100_000  # addresses to list before pages prove to be articles; with --since, none older counts
ARCHIVE_COMMAND = "crawl"  # images: download images alone
IMAGES = ""  # none, lead, all; empty: as the profile says
IMAGE_MAX_BYTES = 20_000_000  # larger ones are refused
IMAGE_MAX_PIXELS = 64_000_000  # decoded, some 200 MB of a worker's memory
IMAGE_DELAY_ELSEWHERE = 1.0  # seconds between requests to a host that is not the site's, however fast the site is
EXTRACTION_WORKERS = min(2, os.cpu_count() or 1)  # 0: in this process, for a page or two
CONTACT = os.environ.get("NEWSARCHIVE_CONTACT", "")  # a mail address or a page, told to sites in the user agent

# Politeness: one request a second to a host unless its profile says otherwise
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "newsarchive"
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 4
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
RETRY_TIMES = 2
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 are for BackOffMiddleware
BACK_OFF_PAUSE = 5.0  # seconds after a first 429 or 503 without Retry-After; doubled each time
BACK_OFF_TIMES = 10  # how often a page is asked for again before the run ends
BACK_OFF_TOTAL = 60.0  # seconds of all such pauses of a site in one run; a host that asks for more ends the run
BACK_OFF_KEEP = True  # ask a site for nothing before the time at which it asked to come back
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False

# What the measurements ask for
CONCURRENT_ITEMS = 1
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 2_000_000
LOGSTATS_INTERVAL = 0
LOG_VERSIONS: list[str] = []  # finding them starts a process
WARN_ON_GENERATOR_RETURN_VALUE = False  # a check of the source of our spiders, at each start
LOG_LEVEL = "INFO"
LOG_INSTALL_ROOT_HANDLER = True  # for `scrapy crawl`; our command line logs for itself

# All of Scrapy's own that runs here. Its full lists hold much that has nothing to do (the plan sees to depth and
# addresses, OwnHostsMiddleware to hosts, no login or cookie is needed) or opens ports, and load what that would need.
SPIDER_MIDDLEWARES_BASE = {"scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50}
DOWNLOADER_MIDDLEWARES_BASE = {
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
}
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
    "scrapy.extensions.logstats.LogStats": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
EXTENSIONS = {
    "newsarchive.crawling.failures.Failures": 50,
    "newsarchive.crawling.run.ArchiveRun": 100,
    "newsarchive.crawling.recorders.PageRecorder": 110,
}
DOWNLOADER = "newsarchive.crawling.middlewares.PoliteDownloader"
TWISTED_DNS_RESOLVER = "newsarchive.crawling.resolving.SteadyResolver"
DOWNLOAD_HANDLERS = {
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # none: nothing but a newspaper's pages is ever asked for
    "http": "newsarchive.crawling.download.BoundedHeadHandler",
    "https": "newsarchive.crawling.download.BoundedHeadHandler",
}
DOWNLOADER_MIDDLEWARES = {
    "newsarchive.crawling.middlewares.RobotsMiddleware": 100,
    "newsarchive.crawling.middlewares.OwnHostsMiddleware": 80,
    "newsarchive.crawling.middlewares.BackOffMiddleware": 560,
    "newsarchive.crawling.middlewares.RefreshMiddleware": 585,
    "newsarchive.crawling.middlewares.PageCompressionMiddleware": 590,
    "newsarchive.crawling.middlewares.CookieWallMiddleware": 700,
    "newsarchive.crawling.middlewares.BrokenOffMiddleware": 940,
    "newsarchive.crawling.middlewares.CaptureMiddleware": 950,
}
ITEM_PIPELINES = {
    "newsarchive.crawling.pipelines.extraction.ExtractionPipeline": 300,
    "newsarchive.crawling.pipelines.storing.ArchivePipeline": 800,
    "newsarchive.crawling.pipelines.images.ImagePipeline": 900,
}
