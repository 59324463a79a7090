#!/usr/bin/env python3
"""A stand-in of the instance metadata service of EC2, for tests. It is no part of AWS, and all that it serves is made up.

As AWS documents it: a session token is had by PUT and asked for with each GET, else the answer is 401; a folder lists its entries, one a line,
those that are folders with a slash; a key is listed as `0=name` and served under `0/openssh-key`.

A tree is a JSON document: mappings are folders, texts are files, other values are files of JSON, `{"base64": "…"}` is a file of bytes, and
`{"status": 503, "text": "…"}` an answer with that status. Every request is written down as a line of JSON in the file LOG.

    tests/ec2_metadata/service.py ADDRESS PORT TREE LOG
"""

import base64
import http.server
import json
import secrets
import sys
import threading
from urllib.parse import unquote

VERSION = "latest"
TTL, TOKEN = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"
REASONS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}


def page(status):
    """What the service says of an error."""
    reason = f"{status} - {REASONS[status]}"
    return (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
        '\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{reason}</title>\n </head>\n <body>\n  <h1>{reason}</h1>\n </body>\n</html>\n"
    ).encode()


def is_file(entry):
    return not isinstance(entry, dict) or "base64" in entry or "status" in entry


def is_key(name, folder):
    """Whether it is a line of the list of keys: `0=name`."""
    return "=" in name and isinstance(folder[name], dict) and "openssh-key" in folder[name]


def listing(folder):
    return "\n".join(name if is_file(entry) or is_key(name, folder) else f"{name}/" for name, entry in folder.items()).encode()


def answer(tree, path):
    """Status and content of what is at `path`."""
    entry = tree
    for part in [part for part in path.split("/") if part]:
        if is_file(entry):
            return 404, page(404)
        entry = {name.split("=")[0] if is_key(name, entry) else name: inside for name, inside in entry.items()}
        if part not in entry:
            return 404, page(404)
        entry = entry[part]
    if not is_file(entry):
        return 200, listing(entry)
    if path.endswith("/") and path != f"/{VERSION}/user-data/":
        return 404, page(404)
    if isinstance(entry, dict):
        return entry.get("status", 200), base64.b64decode(entry["base64"]) if "base64" in entry else entry["text"].encode()
    return 200, (entry if isinstance(entry, str) else json.dumps(entry, indent=2)).encode()


class Service(http.server.ThreadingHTTPServer):
    """Serves one tree."""

    daemon_threads = True

    def __init__(self, address, tree, log):
        super().__init__(address, Request)
        self.tree, self.log, self.tokens, self.lock = tree, log, set(), threading.Lock()


class Request(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Head and content in one packet.
    wbufsize = -1
    server_version, sys_version = "stand-in-of-EC2ws", ""

    def reply(self, status, content, headers=()):
        line = {"method": self.command, "path": self.path, "status": status, "port": self.client_address[1], "headers": dict(self.headers)}
        with self.server.lock:
            self.server.log.write(json.dumps(line) + "\n")
            self.server.log.flush()
        self.send_response(status, REASONS.get(status))
        self.send_header("Content-Type", "text/plain" if status == 200 else "text/html")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lifetime = self.headers.get(TTL, "")
        if self.path != f"/{VERSION}/api/token":
            return self.reply(405, page(405))
        if not lifetime.isdigit() or not 1 <= int(lifetime) <= 21600:
            return self.reply(400, page(400))
        if "token" in self.server.tree:
            return self.reply(self.server.tree["token"]["status"], self.server.tree["token"]["text"].encode())
        token = secrets.token_urlsafe(42)
        self.server.tokens.add(token)
        return self.reply(200, token.encode(), [(TTL, lifetime)])

    def do_GET(self):
        if self.headers.get(TOKEN) not in self.server.tokens:
            return self.reply(401, page(401))
        if any(sign in self.path for sign in " #"):
            return self.reply(400, page(400))
        return self.reply(*answer({VERSION: self.server.tree}, unquote(self.path)))

    def log_message(self, *_):
        pass


def main():
    address, port, tree, log = sys.argv[1:]
    with open(tree) as file:
        content = json.load(file)
    with open(log, "a") as file, Service((address, int(port)), content, file) as service:
        print("ready", flush=True)
        service.serve_forever()


if __name__ == "__main__":
    main()
