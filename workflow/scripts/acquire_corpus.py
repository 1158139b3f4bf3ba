"""Acquire one corpus (verso.corpora.acquire)."""

from verso.corpora.acquire import acquire
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        acquire(
            source=snakemake.params.source,
            kind=snakemake.params.kind,
            path=snakemake.params.path,
            documents=snakemake.output.documents,
            set_aside=snakemake.output.set_aside,
        )
