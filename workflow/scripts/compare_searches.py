"""Write the table of all searches (verso.search.overview)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from pathlib import Path

        from verso.files import read_csv
        from verso.report.sections import SECTIONS
        from verso.search.overview import write_overview

        write_overview(
            searches=snakemake.params.searches,
            tables={Path(path).stem: read_csv(path) for path in snakemake.input.tables},
            sections=SECTIONS,
            overview=snakemake.output.searches,
        )
