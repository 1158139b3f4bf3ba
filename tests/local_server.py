"""A server on this machine, of the tests: what a site, a store and a hub have in common."""

import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LocalServer:
    """Serves while its block lasts, every request by `answer(handler)`. root: its address, from the block's beginning on.

    certificate: a file with key and certificate, and then it speaks TLS, or None.
    """

    certificate = None

    def __enter__(self):
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # it would make every answer wait 40 ms

            def handle(self):
                with contextlib.suppress(ConnectionError):  # whoever asked has left
                    super().handle()

            def do_GET(self):
                answer(self)

            do_HEAD = do_POST = do_GET  # noqa: N815 - the names that http.server calls

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.certificate)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.root = f"http{'s' if self.certificate else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
