"""Clean and split one corpus (verso.corpora.prepare)."""

from verso.corpora.prepare import prepare
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        prepare(
            documents=snakemake.input.documents,
            set_aside_acquired=snakemake.input.set_aside,
            kind=snakemake.params.kind,
            settings=snakemake.params.settings,
            train=snakemake.output.train,
            validation=snakemake.output.validation,
            test=snakemake.output.test,
            statistics=snakemake.output.statistics,
            set_aside=snakemake.output.set_aside,
        )
