"""Contact: who is reached when requests to Wikimedia do harm. Its sites want that of the operator, not of the program.

Requests without one may be sent 10 times a minute, with one 200 times (https://www.mediawiki.org/wiki/Wikimedia_APIs/Rate_limits);
what the header looks like: https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
"""

import re
from urllib.parse import urlsplit

from verso.errors import VersoError
from verso.jobs.secrets import find_token

VARIABLE = "WIKIMEDIA_CONTACT"
WANTED = "your e-mail address, or the address of a page about you or your project"
E_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
# Kept for examples by RFC 2606 and RFC 6761, and what stands for a domain in examples
EXAMPLES = re.compile(
    r"(.*\.)?(example|test|invalid|localhost|(example|ejemplo)(\.[a-z]+)+|(your-?|tu-?|mi-?)?(domain|dominio|site|company)\.[a-z]+)"
)
# Alone some of these are addresses that people have: mail@, correo@, me@
PLACEHOLDERS = re.compile(
    r"(your|my|tu|mi)[._-]?(name|user(name)?|e?-?mail|nombre|correo|usuario)|name|user(name)?|nombre|usuario|you|foo|someone|nobody"
)


def operator(contact: str | None) -> str:
    """The config's contact, else that of the environment or .env. Raises VersoError where there is no sound one."""
    found = contact or find_token((VARIABLE,))
    if found is None:
        raise VersoError(
            f"Wikimedia wants to know who sends requests to it, and there is no contact. Give {WANTED}: in the config under "
            f"source: contact: ..., or as {VARIABLE}=... in the environment or .env (chmod 600 .env). It goes to the wiki alone"
        )
    if fault := fault_of_contact(found):
        raise VersoError(f"{'source.contact' if contact else VARIABLE} {fault}")
    return found


def fault_of_contact(value: str) -> str:
    """What is wrong with a contact, as the end of a sentence that begins with its name; empty where it may be sent."""
    if not value.strip():
        return f"is empty; give {WANTED}"
    if E_MAIL.fullmatch(value):
        name, _, host = value.lower().partition("@")
        is_example = bool(EXAMPLES.fullmatch(host) or PLACEHOLDERS.fullmatch(name))
    else:
        try:
            parts = urlsplit(value)
            host = (parts.hostname or "").lower()
        except ValueError:
            host = ""
        if parts_missing(value, host):
            return f"is {value!r}; give {WANTED}"
        is_example = bool(EXAMPLES.fullmatch(host))
    return f"is {value!r}, an example; give {WANTED}" if is_example else ""


def parts_missing(value: str, host: str) -> bool:
    """Whether a text is no address of a page that a header can hold."""
    sound = value.isascii() and value.isprintable() and not set(' ()<>"') & set(value)
    return not (sound and value.startswith(("https://", "http://")) and "." in host.strip("."))


def user_agent(contact: str, version: str, library: str) -> str:
    """The User-Agent header of requests: name and version, the operator's contact, and the library that sends them."""
    return f"Verso/{version} ({contact}) {library}"
