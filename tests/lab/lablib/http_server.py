"""A plain HTTP server over one folder: `http_server.py FOLDER`, on port 80 of the namespace it is started in."""

import functools
import http.server
import socketserver
import sys
from typing import ClassVar


class Handler(http.server.SimpleHTTPRequestHandler):
    """Keeps connections open between requests, and calls every archive a stream of bytes."""

    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar = {".asc": "text/plain", "": "application/octet-stream"}


class Server(http.server.ThreadingHTTPServer):
    """Finds no host name by address: there is no name server."""

    request_queue_size = 256

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "config", self.server_address[1]


if __name__ == "__main__":
    Server(("0.0.0.0", 80), functools.partial(Handler, directory=sys.argv[1])).serve_forever()
