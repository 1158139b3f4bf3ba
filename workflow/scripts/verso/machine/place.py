"""Where Verso lies: paths that Snakemake cannot run jobs from, refused before any job fails with a shell's words."""

import re

IN_A_SHELL = re.compile(r"""[\s'"`$&|;<>()*?\\]""")  # Snakemake writes the path of its Python unquoted into a shell command
IN_A_TEMPLATE = re.compile(r"[{}]")  # and takes a brace in a path of scripts for a wildcard


def fault_of_place(environment: str, *folders: str) -> str:
    """Why jobs cannot run from these places; empty when they can.

    environment: path of the Python that runs Snakemake, or of the folder that it will be in. folders: of the workflow, and the
    one that Snakemake runs in.
    """
    if found := IN_A_SHELL.search(environment):
        return (
            f"{environment}: holds {named(found[0])}, which Snakemake does not quote where it starts a job. Move the folder to a "
            "path without it, or keep the environment elsewhere: make setup VENV=$HOME/verso-venv (and so with each make)"
        )
    for folder in folders:
        if found := IN_A_TEMPLATE.search(folder):
            return (
                f"{folder}: holds {named(found[0])}, which Snakemake takes for a wildcard. Move the folder to a path without it"
            )
    return ""


def named(character: str) -> str:
    """A character in words or quotes."""
    return (
        "a space"
        if character == " "
        else "a control character"
        if not character.isprintable()
        else f'the character "{character}"'
    )
