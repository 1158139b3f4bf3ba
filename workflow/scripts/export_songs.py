"""Export the songs as instruction records and as plain text (verso.corpora.exports)."""

from verso.corpora.exports import export
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        export()
