"""A slow way to a server: each request waits before it is passed on."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

REQUEST_S = 120
# Of one connection, and not of what passes through it.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@contextmanager
def slowed(address: str, delay_s: float) -> Iterator[str]:
    """An address at which the server answers that much later, for as long as the block lasts."""
    target = urlsplit(address).netloc

    class Passage(BaseHTTPRequestHandler):
        """Passes a request on, and its answer back."""

        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(delay_s)
            connection = http.client.HTTPConnection(target, timeout=REQUEST_S)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing: the commands' own output is looked at."""

        def handle(self) -> None:
            """Serve a connection until it ends; its client may be killed at any time."""
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Passage) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
