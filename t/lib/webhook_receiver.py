#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook receiver for tests: HTTPS on 127.0.0.1, answers by the first segment of the path.

Writes DIR/port when it listens, and a line of JSON to DIR/requests for each request: path, headers
(names in lower case), body (as text), signed (X-Smallstep-Signature fits the secret and the exact
body), authorized (bearer or basic credentials fit), client (common name of the client certificate,
if there was one).

With --secret, a request whose signature does not fit gets 401, likewise with --bearer or --basic for
paths under /bearer and /basic, and without a client certificate under /mtls. Both the secret and the
data of /data are read from their files for each request.

  /allow /bearer /basic /mtls   {"allow": true}
  /deny     refuses with code and message      /data     allows, with the content of DIR/data.json
  /slow     an answer that never ends          /silent   none at all
  /huge     2 MiB                              /redirect 302 to /allow
  /gzip     a compressed answer                /bomb     the same, 64 MiB of it
  /reset    resets the connection              /close    closes it
  /flaky    500 the first time a path is asked, then as /allow
  /status/N {"allow": true} with that status   /raw/HEX  these bytes with status 200
"""
import argparse
import base64
import gzip
import hashlib
import hmac
import http.server
import json
import os
import socket
import ssl
import struct
import threading
import time

ALLOW = b'{"allow":true}'
LOCK = threading.Lock()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    options = None
    context = None
    asked = {}

    def handle_error(self, request, client_address):
        pass  # a client that leaves is none of our business


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        # The handshake belongs to the connection's thread: one that hangs stops nobody else.
        self.request.settimeout(60)
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *args):
        pass

    def client_name(self):
        for rdn in (self.request.getpeercert() or {}).get("subject", ()):
            for name, value in rdn:
                if name == "commonName":
                    return value
        return None

    def has_certificate(self):
        return self.request.getpeercert(binary_form=True) is not None

    def signed(self, body):
        path = self.server.options.secret
        if path is None:
            return None
        with open(path, "rb") as f:
            key = base64.b64decode(f.readline().strip(), validate=True)
        want = hmac.new(key, body, hashlib.sha256).hexdigest()
        return self.headers.get("X-Smallstep-Signature") == want

    def authorized(self):
        o, given = self.server.options, self.headers.get("Authorization")
        if o.bearer is not None and given == "Bearer " + o.bearer:
            return "bearer"
        if o.basic is not None and given == "Basic " + base64.b64encode(o.basic.encode()).decode():
            return "basic"
        return None

    def note(self, body, signed, authorized):
        line = json.dumps({
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": body.decode("utf-8", "replace"),
            "signed": signed,
            "authorized": authorized,
            "certificate": self.has_certificate(),
            "client": self.client_name(),
        })
        with LOCK, open(os.path.join(self.server.options.dir, "requests"), "a") as f:
            f.write(line + "\n")
            self.server.asked[self.path] = self.server.asked.get(self.path, 0) + 1
            return self.server.asked[self.path]

    def say(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def slow(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(120):
            self.wfile.write(b" ")
            time.sleep(0.5)

    def reset(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.request.detach())
        self.close_connection = True

    def refusal(self, kind, signed, authorized):
        if signed is False:
            return 401
        if kind in ("bearer", "basic") and authorized != kind:
            return 401
        if kind == "mtls" and not self.has_certificate():
            return 403
        return None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kind, _, rest = self.path.lstrip("/").split("?")[0].partition("/")
        signed, authorized = self.signed(body), self.authorized()
        count = self.note(body, signed, authorized)
        refused = self.refusal(kind, signed, authorized)
        if refused is not None:
            self.say(refused, b"{}")
        else:
            self.answer(kind, rest, count)

    def answer(self, kind, rest, count):
        if kind in ("allow", "bearer", "basic", "mtls"):
            self.say(200, ALLOW, Content_Type="application/json")
        elif kind == "deny":
            self.say(200, b'{"allow":false,"error":{"code":"E7","message":"not on the list"}}')
        elif kind == "data":
            with open(os.path.join(self.server.options.dir, "data.json"), "rb") as f:
                self.say(200, b'{"allow":true,"data":' + f.read() + b"}")
        elif kind == "slow":
            self.slow()
        elif kind == "silent":
            time.sleep(60)
        elif kind == "huge":
            self.say(200, b'{"allow":true,"data":"' + b"x" * (2 << 20) + b'"}')
        elif kind == "redirect":
            self.say(302, ALLOW, Location="/allow/redirected")
        elif kind == "gzip":
            self.say(200, gzip.compress(ALLOW), Content_Encoding="gzip")
        elif kind == "bomb":
            text = gzip.compress(b'{"allow":true,"data":"' + b"x" * (64 << 20) + b'"}')
            self.say(200, text, Content_Encoding="gzip")
        elif kind == "reset":
            self.reset()
        elif kind == "close":
            self.close_connection = True
        elif kind == "flaky":
            self.say(500 if count == 1 else 200, ALLOW)
        elif kind == "status":
            self.say(int(rest.split("/")[0]), ALLOW)
        elif kind == "raw":
            self.say(200, bytes.fromhex(rest.split("/")[0]))
        else:
            self.say(404, b"{}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--dir", required=True)
    p.add_argument("--cert", required=True)
    p.add_argument("--key", required=True)
    p.add_argument("--client-ca")
    p.add_argument("--secret", help="file with the base64 secret")
    p.add_argument("--bearer")
    p.add_argument("--basic", help="USER:PASSWORD")
    options = p.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    server = Server(("127.0.0.1", 0), Handler)
    server.options, server.context = options, context
    path = os.path.join(options.dir, "port")
    with open(path + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(path + ".new", path)
    server.serve_forever()


if __name__ == "__main__":
    main()
