"""Scraping: what corpora are fetched from the web, on the login node alone.

Reads   Genius, its answers kept in the source's `cache`; a token of the environment or of .env
Writes  results/corpora/<corpus>/{scraped,set_aside_scraping}.jsonl, scraping.json
"""


localrules:
    scrape_genius,


rule scrape_genius:
    output:
        songs=corpus_path("scraped.jsonl"),
        set_aside=corpus_path("set_aside_scraping.jsonl"),
        summary=corpus_path("scraping.json"),
    log:
        log_path("scrape_genius", "{corpus}"),
    benchmark:
        benchmark_path("scrape_genius", "{corpus}")
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
