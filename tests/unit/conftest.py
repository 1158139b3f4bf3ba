import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """One miniature Mistral for all tests: to make it takes seconds, to import what makes it ten more."""
    from tiny_llm import Tiny

    return Tiny.made_in(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tokenizer(tiny):
    return tiny.tokenizer()


@pytest.fixture(scope="session")
def chat(tiny):
    return tiny.chat()
