"""All that is Scrapy's: processes, runs, the plan, spiders, middlewares and pipelines."""
