"""Fetching: download corpora from the web, on the login node only.

Reads   Genius, Steam, Wikipedia or a dataset of the hub, with answers cached in the source's `cache`; a token, or whom Wikimedia
        reaches, from the environment or .env; revisions of articles that are listed in a file
Writes  results/corpora/<corpus>/{scraped,set_aside_scraping}.jsonl, scraping.json; of Wikipedia revisions.csv
"""


rule scrape_genius:
    output:
        songs=paths.corpus("scraped.jsonl"),
        set_aside=paths.corpus("set_aside_scraping.jsonl"),
        summary=paths.corpus("scraping.json"),
    log:
        paths.log("scrape_genius", "{corpus}"),
    benchmark:
        paths.benchmark("scrape_genius", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_source("genius"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("scrape_genius", "{corpus}"),
        **sources.manner_of_fetching(),
    params:
        source=sources.fetched,
        code=code_of("scrape_genius"),
    script:
        "../scripts/scrape_genius.py"


rule scrape_steam:
    output:
        reviews=paths.corpus("scraped.jsonl"),
        set_aside=paths.corpus("set_aside_scraping.jsonl"),
        summary=paths.corpus("scraping.json"),
    log:
        paths.log("scrape_steam", "{corpus}"),
    benchmark:
        paths.benchmark("scrape_steam", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_source("steam"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("scrape_steam", "{corpus}"),
        **sources.manner_of_fetching(),
    params:
        source=sources.fetched,
        code=code_of("scrape_steam"),
    script:
        "../scripts/scrape_steam.py"


rule fetch_wikipedia:
    input:
        sources.read_in_fetching,
    output:
        articles=paths.corpus("scraped.jsonl"),
        set_aside=paths.corpus("set_aside_scraping.jsonl"),
        summary=paths.corpus("scraping.json"),
        revisions=paths.corpus("revisions.csv"),
    log:
        paths.log("fetch_wikipedia", "{corpus}"),
    benchmark:
        paths.benchmark("fetch_wikipedia", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_source("wikipedia"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("fetch_wikipedia", "{corpus}"),
        **sources.manner_of_fetching(),
        contact=lambda wildcards: sources.corpus(wildcards).source.contact or "",
    params:
        source=sources.fetched,
        code=code_of("fetch_wikipedia"),
    script:
        "../scripts/fetch_wikipedia.py"


rule fetch_dataset:
    output:
        rows=paths.corpus("scraped.jsonl"),
        set_aside=paths.corpus("set_aside_scraping.jsonl"),
        summary=paths.corpus("scraping.json"),
    log:
        paths.log("fetch_dataset", "{corpus}"),
    benchmark:
        paths.benchmark("fetch_dataset", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_source("hub"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("fetch_dataset", "{corpus}"),
        cache=sources.manner_of_fetching()["cache"],
    params:
        source=sources.fetched,
        code=code_of("fetch_dataset"),
    script:
        "../scripts/fetch_dataset.py"
