"""Holds connections open whose request bodies come one byte a second: slow-bodies.py PORT COUNT.

A connection that the server cuts, as it does after SERVER_REQUEST_TIMEOUT, is opened again. Ends
when it is told to.
"""

import socket
import sys
import time

HEAD = b"PUT /api/buckets/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


def open_one(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(HEAD)
    return connection


def main(port, count):
    connections = []
    while True:
        start = time.monotonic()
        while len(connections) < count:
            connections.append(open_one(port))
        for i, connection in enumerate(connections):
            try:
                connection.sendall(b"x")
            except OSError:
                connection.close()
                connections[i] = open_one(port)
        time.sleep(max(0.0, 1 - (time.monotonic() - start)))


main(int(sys.argv[1]), int(sys.argv[2]))
