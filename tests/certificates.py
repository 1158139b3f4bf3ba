"""Certificates that no machine trusts, for servers of the tests."""

import shutil
import subprocess

import pytest


def certificate_for(address, folder):
    """A file with a key and a certificate that it signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, signed, both = (folder / name for name in ("key.pem", "certificate.pem", "both.pem"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    subprocess.run(
        [*make, "-addext", f"subjectAltName={address}", "-keyout", key, "-out", signed], check=True, capture_output=True
    )
    both.write_text(key.read_text() + signed.read_text())
    return str(both)
