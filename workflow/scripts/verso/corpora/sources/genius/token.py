"""The token that Genius's API wants: where it is looked for, and how to get one."""

from verso.errors import VersoError
from verso.jobs.secrets import find_token

TOKEN = ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN")
HOW_TO_GET_A_TOKEN = """Make an API client at https://genius.com/api-clients, let it generate an access token, and put that
into .env, beside the Snakefile, as a line
  GENIUS_API_TOKEN=...
(GENIUS_ACCESS_TOKEN is read as well; an environment variable of either name comes first), then: chmod 600 .env"""


def token_of_genius() -> str:
    """The token of the environment or of .env. Raises VersoError where it is missing, and as find_token does."""
    token = find_token(TOKEN)
    if token is None:
        raise VersoError(f"Genius's API wants a token, and it is missing.\n{HOW_TO_GET_A_TOKEN}")
    return token
