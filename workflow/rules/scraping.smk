"""Scraping: what corpora are fetched from the web, on the login node alone.

Reads   Genius, Steam or a dataset of the hub, what they gave kept in the source's `cache`; a token of the environment or of .env
Writes  results/corpora/<corpus>/{scraped,set_aside_scraping}.jsonl, scraping.json
"""


localrules:
    scrape_genius,
    scrape_steam,
    fetch_dataset,


rule scrape_genius:
    output:
        songs=corpus_path("scraped.jsonl"),
        set_aside=corpus_path("set_aside_scraping.jsonl"),
        summary=corpus_path("scraping.json"),
    log:
        log_path("scrape_genius", "{corpus}"),
    benchmark:
        benchmark_path("scrape_genius", "{corpus}")
    wildcard_constraints:
        corpus=corpora_of_source("genius"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("scrape_genius", "{corpus}"),
        **manner_of_scraping,
    params:
        source=songs_to_scrape,  # only what decides which songs they are: a new rate limit is no reason to scrape again
        code=code_of("scrape_genius"),
    script:
        "../scripts/scrape_genius.py"


rule scrape_steam:
    output:
        reviews=corpus_path("scraped.jsonl"),
        set_aside=corpus_path("set_aside_scraping.jsonl"),
        summary=corpus_path("scraping.json"),
    log:
        log_path("scrape_steam", "{corpus}"),
    benchmark:
        benchmark_path("scrape_steam", "{corpus}")
    wildcard_constraints:
        corpus=corpora_of_source("steam"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("scrape_steam", "{corpus}"),
        **manner_of_scraping,
    params:
        source=reviews_to_scrape,
        code=code_of("scrape_steam"),
    script:
        "../scripts/scrape_steam.py"


rule fetch_dataset:
    output:
        rows=corpus_path("scraped.jsonl"),
        set_aside=corpus_path("set_aside_scraping.jsonl"),
        summary=corpus_path("scraping.json"),
    log:
        log_path("fetch_dataset", "{corpus}"),
    benchmark:
        benchmark_path("fetch_dataset", "{corpus}")
    wildcard_constraints:
        corpus=corpora_of_source("hub"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("fetch_dataset", "{corpus}"),
        cache=of_scraping(lambda source: source.cache),
    params:
        source=dataset_to_fetch,
        code=code_of("fetch_dataset"),
    script:
        "../scripts/fetch_dataset.py"
