"""Export the songs as instruction records and as plain text (verso.corpora.songs.exports)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.songs.exports import export

        export(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            test=snakemake.input.test,
            statistics=snakemake.input.statistics,
            vocab_char=snakemake.input.vocab_char,
            vocab_word=snakemake.input.vocab_word,
            corpus=snakemake.wildcards.corpus,
            settings=snakemake.params.settings,
            train_alpaca=snakemake.output.train_alpaca,
            validation_alpaca=snakemake.output.validation_alpaca,
            test_alpaca=snakemake.output.test_alpaca,
            train_text=snakemake.output.train_text,
            validation_text=snakemake.output.validation_text,
            test_text=snakemake.output.test_text,
            dataset_info=snakemake.output.dataset_info,
        )
