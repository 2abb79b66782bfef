"""A throw-away certificate authority and a server certificate for the stand-in, made by the openssl command."""
import subprocess
from pathlib import Path

NAMES = ["DNS:localhost", "IP:127.0.0.1", "IP:::1", "DNS:*.us-west-2.amazonaws.com", "DNS:*.sagemaker.us-west-2.amazonaws.com"]


def _openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, text=True)


def make(directory, names=NAMES, stem="server"):
    """Writes ca.pem (kept when it is there), STEM.pem and STEM.key into directory; returns it as a Path."""
    directory = Path(directory)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    if not (directory / "ca.pem").exists():
        _openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=sagegate test authority",
                 "-keyout", "ca.key", "-out", "ca.pem", cwd=directory)
    _openssl("req", *key, "-subj", "/CN=stand-in", "-keyout", f"{stem}.key", "-out", f"{stem}.csr", cwd=directory)
    (directory / f"{stem}.ext").write_text("subjectAltName=" + ",".join(names) + "\n")
    _openssl("x509", "-req", "-days", "2", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-extfile", f"{stem}.ext", "-out", f"{stem}.pem", cwd=directory)
    return directory
