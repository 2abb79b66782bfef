"""A DNS server on loopback whose answers a test changes while it runs, and which counts what it is asked."""
import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class NameServer:
    """`addresses` maps names to lists of addresses; a name that is not in it does not exist."""

    def __init__(self, addresses=(), ttl=1):
        self.addresses, self.ttl = dict(addresses), ttl
        self.failing = self.silent = self.closing = False
        self.failing_kind = None  # A or AAAA: those alone fail
        self.queries = []  # names, one entry a query
        self.asked = threading.Condition()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.server = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def await_queries(self, count, timeout=30):
        """Waits until `count` more queries have come."""
        with self.asked:
            wanted = len(self.queries) + count
            assert self.asked.wait_for(lambda: len(self.queries) >= wanted, timeout), self.queries

    def _serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if self.closing:
                return
            with self.asked:
                answer = self._answer(query)
                self.asked.notify_all()
            if answer:
                self.socket.sendto(answer, client)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, kind = ".".join(labels).lower(), struct.unpack_from(">H", query, at + 1)[0]
        self.queries.append(name)
        if self.silent:
            return None
        found = [ipaddress.ip_address(address) for address in self.addresses.get(name, ())]
        found = [address for address in found if address.version == (6 if kind == AAAA else 4)]
        code = SERVFAIL if self.failing or kind == self.failing_kind else NOERROR if name in self.addresses else NXDOMAIN
        if code or kind not in (A, AAAA):
            found = []
        answer = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0) + query[12:at + 5]
        for address in found:
            answer += struct.pack(">HHHIH", 0xc00c, kind, 1, self.ttl, len(address.packed)) + address.packed
        return answer
