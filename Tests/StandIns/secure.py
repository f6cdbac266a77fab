# SPDX-License-Identifier: Apache-2.0
"""A proxy, and a TLS server with a private certificate authority that speaks HTTP/2 if the client does.

The URL is that of the proxy. It tunnels CONNECT for any host to the TLS server, and forwards requests of plain URLs. Another stand-in
responds behind both.

Commands:
  {"front": url}          sets the stand-in that responds
  {"protocols": ["h2"]}   sets the protocols of the TLS server; initially ["h2", "http/1.1"]
  {"places": true}        -> {"authority": path of a PEM file, "port": of the TLS server}
  {"seen": true}          -> {"seen": [{"way": "tunnel" | "plain" | "direct", "host", "path", "protocol"}]}
"""

import datetime
import http.client
import ipaddress
import os
import socket
import ssl
import tempfile
import threading
import urllib.parse

import h2.config
import h2.connection
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import standin

HOST = "models.test"
folder = tempfile.TemporaryDirectory()
state = {"front": None, "protocols": ["h2", "http/1.1"]}
seen = []
tunnels = set()


def certificates():
    """Creates the authority and the server's certificate. Returns the paths of the authority, and of the chain with its key."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(subject, key, issuer, signer, extension):
        name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=True)
        day = datetime.timedelta(days=1)
        return builder.not_valid_before(now - day).not_valid_after(now + day).sign(signer, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("nobody's authority", root, "nobody's authority", root, x509.BasicConstraints(True, None))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = certificate(HOST, own, "nobody's authority", root, names)
    pem = lambda thing: thing.public_bytes(serialization.Encoding.PEM)
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths = [os.path.join(folder.name, name) for name in ("authority.pem", "server.pem")]
    for path, data in zip(paths, [pem(authority), pem(leaf) + key]):
        with open(path, "wb") as file:
            file.write(data)
    return paths


authority, chain = certificates()


def answer(method, path, headers, body):
    """Forwards a request to the stand-in. Returns status, headers and body."""
    place = urllib.parse.urlsplit(state["front"])
    connection = http.client.HTTPConnection(place.hostname, place.port)
    kept = {name: value for name, value in headers if name.lower() not in ("host", "connection", "proxy-connection")}
    connection.request(method, path, body or None, kept)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, [("content-type", response.headers.get("Content-Type", "text/plain"))], data


class Plain(standin.Handler):
    """HTTP/1.1, over TLS or for plain URLs of the proxy."""

    way = protocol = None

    def do_GET(self):
        body = self.body()
        url = urllib.parse.urlsplit(self.path)
        path = url.path + ("?" + url.query if url.query else "")
        way = "plain" if url.netloc else self.way
        seen.append({"way": way, "host": self.headers["Host"], "path": path, "protocol": "http/1.1"})
        status, headers, data = answer(self.command, path, self.headers.items(), body)
        self.reply(status, data, dict(headers))

    do_POST = do_PUT = do_DELETE = do_GET


class Proxy(Plain):
    def do_CONNECT(self):
        with socket.create_connection(("127.0.0.1", secure_port)) as behind:
            tunnels.add(behind.getsockname()[1])
            self.send_response(200, "Connection established")
            self.end_headers()
            self.wfile.flush()
            back = threading.Thread(target=pump, args=(behind, self.connection), daemon=True)
            back.start()
            pump(self.connection, behind)
            back.join()
        self.close_connection = True


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def talk(raw, address):
    """One connection of the TLS server."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    context.set_alpn_protocols(state["protocols"])
    try:
        with context.wrap_socket(raw, server_side=True) as secure:
            # After the handshake: the proxy registers its connection before the client's first byte.
            way = "tunnel" if address[1] in tunnels else "direct"
            if secure.selected_alpn_protocol() == "h2":
                second(secure, way)
            else:
                handler = type("Secure", (Plain,), {"way": way})
                handler(secure, address, None)
    except OSError:
        pass


def second(secure, way):
    """Serves HTTP/2 until the client disconnects."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    secure.sendall(connection.data_to_send())
    asked, waiting = {}, {}
    while data := secure.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                asked[event.stream_id] = (event.headers, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                asked[event.stream_id][1].extend(event.data)
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                headers, body = asked.pop(event.stream_id)
                own = {name: value for name, value in headers if name.startswith(":")}
                seen.append({"way": way, "host": own[":authority"], "path": own[":path"], "protocol": "h2"})
                rest = [(name, value) for name, value in headers if not name.startswith(":")]
                status, extra, data = answer(own[":method"], own[":path"], rest, bytes(body))
                connection.send_headers(event.stream_id, [(":status", str(status)), ("content-length", str(len(data)))] + extra)
                waiting[event.stream_id] = data
            elif isinstance(event, h2.events.StreamReset):
                waiting.pop(event.stream_id, None)
        # As much as the client's flow-control windows allow.
        for stream in list(waiting):
            while data := waiting[stream]:
                size = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size, len(data))
                if size <= 0:
                    break
                connection.send_data(stream, data[:size])
                waiting[stream] = data[size:]
            if not waiting[stream]:
                connection.end_stream(stream)
                del waiting[stream]
        secure.sendall(connection.data_to_send())


def listen():
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def accept():
        while True:
            raw, address = server.accept()
            threading.Thread(target=talk, args=(raw, address), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


secure_port = listen()


def command(request):
    for name in state:
        state[name] = request.get(name, state[name])
    if "places" in request:
        return {"authority": authority, "port": secure_port}
    return {"seen": seen}


standin.run(standin.serve(Proxy), command)
