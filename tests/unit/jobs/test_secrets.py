"""Tokens are for the login node's eyes alone."""

import os

from verso.jobs.secrets import MEMORY, TOKENS, fault_of_env_file, hide_tokens


def test_every_known_token_is_taken_out_and_nothing_else():
    environment = dict.fromkeys(TOKENS, "secret") | {"PATH": "/bin"}
    assert hide_tokens(environment) == list(TOKENS)
    assert "secret" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert set(environment) <= {"PATH", MEMORY}
    assert hide_tokens(environment) == []


def test_a_file_of_tokens_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / ".env"
    assert fault_of_env_file(path) == ""
    path.write_text("GENIUS_API_TOKEN=x")
    path.chmod(0o600)
    assert fault_of_env_file(path) == ""
    for mode in (0o640, 0o604, 0o660, 0o644):
        path.chmod(mode)
        assert f"chmod 600 {path}" in fault_of_env_file(path)


def test_a_linked_or_foreign_file_of_tokens_is_refused(tmp_path):
    real = tmp_path / "real"
    real.write_text("x")
    real.chmod(0o600)
    link = tmp_path / ".env"
    link.symlink_to(real)
    assert "no plain file" in fault_of_env_file(link)
    if os.getuid() == 0:
        os.chown(real, 12345, 12345)
        assert "another user" in fault_of_env_file(real)
