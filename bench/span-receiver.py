"""A back end for spans that costs next to nothing, or none that is of use: span-receiver.py PORT KIND

healthy   answers 200 at once
slow      answers 200 after 5 s
refusing  answers 503 at once
silent    takes what it is sent and never answers
hole      lets nobody connect: packets get no answer, as behind a firewall that drops them

What it is sent is read and thrown away. For a dead one, start none.
"""

import re
import socket
import sys
import threading
import time

LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SLOW_SECONDS = 5
BLOCK = 1 << 18


def requests(connection):
    """One item for each request of a connection, when its body has been read."""
    block = bytearray(BLOCK)
    head = b""
    while True:
        while b"\r\n\r\n" not in head:
            piece = connection.recv(BLOCK)
            if not piece:
                return
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        length = LENGTH.search(b"\r\n" + head)
        missing = (int(length.group(1)) if length else 0) - len(body)
        while missing > 0:
            read = connection.recv_into(block, min(missing, BLOCK))
            if not read:
                return
            missing -= read
        head = body[len(body) + missing :] if missing < 0 else b""
        yield


def serve(connection, kind):
    try:
        with connection:
            for _ in requests(connection):
                if kind == "slow":
                    time.sleep(SLOW_SECONDS)
                if kind != "silent":
                    connection.sendall(REFUSED if kind == "refusing" else OK)
    except OSError:
        pass  # the other end has gone


def hole(port):
    """A full queue of connections that nobody takes: Linux then drops what asks for one more."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    held = []
    while True:
        connection = socket.socket()
        connection.settimeout(1)
        held.append(connection)
        try:
            connection.connect(("127.0.0.1", port))
        except OSError:  # a timeout
            break
    threading.Event().wait()


def main(port, kind):
    if kind == "hole":
        hole(port)
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, kind), daemon=True).start()


main(int(sys.argv[1]), sys.argv[2])
