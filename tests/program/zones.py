"""An endpoint in several availability zones: stand-ins on loopback addresses of one port, found by a DNS server."""
import ctypes
import os
import socket
import struct
import threading

import nameserver
import standin

HOST = "runtime.sagemaker.us-west-2.amazonaws.com"


def addresses(count):
    """Loopback addresses that no other test uses at this time: by the number of the process."""
    pid = os.getpid()
    return [f"127.{1 + pid % 250}.{pid // 250 % 250}.{zone + 2}" for zone in range(count)]


def silence(sock):
    """From now on the kernel throws away what comes for this socket, and does not even acknowledge it: a filter that
    lets nothing pass (socket(7), SO_ATTACH_FILTER; a single BPF instruction, return 0)."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", 1, ctypes.addressof(program)))


class BlackHole:
    """An address that does not answer at all: a listener whose queue is full lets every SYN fall."""

    def __init__(self, address, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(0)
        self.waiting = []
        while self._takes_one_more(address, port):
            pass

    def _takes_one_more(self, address, port):
        sock = socket.socket()
        self.waiting.append(sock)
        sock.settimeout(0.2)
        try:
            sock.connect((address, port))
        except TimeoutError:
            return False
        return True

    def close(self):
        for sock in (*self.waiting, self.listener):
            sock.close()


class Tarpit:
    """Takes connections, and never says a word: TCP is there, TLS is not."""

    def __init__(self, address, port):
        self.listener = socket.create_server((address, port))

    def close(self):
        self.listener.close()


class Resetter:
    """Accepts, and resets every connection as soon as it has the first bytes."""

    def __init__(self, address, port):
        self.connections = 0
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.settimeout(5)
            try:
                sock.recv(1)
            except OSError:
                pass
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Zones:
    def __init__(self, authority, count=3, port=0, ttl=1):
        self.authority, self.addresses, self.port = authority, addresses(count), port
        self.servers = {}
        for address in self.addresses:
            self.open(address)
        self.dns = nameserver.NameServer({HOST: self.addresses}, ttl)

    def open(self, address):
        """A stand-in at this address; with the others' port."""
        server = standin.StandIn(self.authority, self.port, HOST, address=address)
        if self.port == 0:
            self.port = server.port
        self.servers[address] = server

    def replace(self, address, kind):
        self.servers[address].close()
        self.servers[address] = kind(address, self.port)
        return self.servers[address]

    @property
    def stand_ins(self):
        return [server for server in self.servers.values() if isinstance(server, standin.StandIn)]

    @property
    def requests(self):
        return [request for server in self.stand_ins for request in server.requests]

    def on_every(self, name, handler):
        for server in self.stand_ins:
            server.handlers[name] = handler

    def settings(self, **more):
        return {"endpoints": {"runtime": {"url": f"https://{HOST}:{self.port}"}}, "dns": {"servers": self.dns.server},
                **more}

    def close(self):
        for server in self.servers.values():
            server.close()
        self.dns.close()


def once(_request, connection):
    """A handler: answers, and lets the connection end, so that the next request needs another."""
    connection.answer_json(200, {"predictions": []}, [("Connection", "close")])
    raise standin.Closed
