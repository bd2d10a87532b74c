"""Runs a real nginx in front of the page, configured in the ways that people use."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from programs import program
from serving import free_port
from waiting import wait_until

CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors.txt;
events {{ worker_connections 200; }}
http {{
  access_log off; client_max_body_size 60m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port}{ssl};
    location {path} {{
      proxy_pass {page}; proxy_buffering off; proxy_read_timeout 1h;
      {headers}
    }}
  }}
}}
"""
SSL = " ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem"


@contextmanager
def behind_nginx(
    folder: Path, page: str, headers: str, path: str = "/", https: bool = False
) -> Iterator[str]:
    """The page's address as visitors see it. headers: those that nginx sets."""
    port = free_port()
    folder.mkdir()
    if https:
        _self_made_certificate(folder)
    (folder / "nginx.conf").write_text(
        CONFIG.format(
            folder=folder, port=port, path=path, page=page, headers=headers,
            ssl=SSL.format(folder=folder) if https else "",
        )
    )  # fmt: skip
    command = [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "log.txt").open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
    address = f"{'https' if https else 'http'}://127.0.0.1:{port}{path}"
    try:
        wait_until(lambda: _listens(port), "nginx did not start", pause=0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _self_made_certificate(folder: Path) -> None:
    """Make a self-signed certificate for a day, as in nginx's own guide."""
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=127.0.0.1", "-keyout", str(folder / "key.pem")]
    subprocess.run([*command, "-out", str(folder / "cert.pem")], check=True, capture_output=True)
