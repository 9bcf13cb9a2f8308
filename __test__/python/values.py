"""Reads and writes cached values as any other program would: a socket, the Redis protocol, and JSON.

Arguments: the path of the server's socket, `read` or `write`, and a key. `read` prints the value; `write` takes it from standard input.
"""

import json
import socket
import sys


def request(connection, *parts):
    message = b"*%d\r\n" % len(parts)
    for part in parts:
        message += b"$%d\r\n%b\r\n" % (len(part), part)
    connection.sendall(message)


def reply(stream):
    line = stream.readline().rstrip(b"\r\n")
    if line[:1] == b"$":
        length = int(line[1:])
        return None if length < 0 else stream.read(length + 2)[:-2]
    if line[:1] == b"+":
        return line[1:]
    raise RuntimeError(line.decode())


def main(path, action, key):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(path)
    stream = connection.makefile("rb")
    if action == "read":
        request(connection, b"GET", key.encode())
        json.dump(json.loads(reply(stream).decode("utf-8")), sys.stdout)
    else:
        value = json.loads(sys.stdin.buffer.read().decode("utf-8"))
        # With spaces and escapes of its own, as Python writes JSON.
        request(connection, b"SET", key.encode(), json.dumps(value).encode(), b"EX", b"60")
        reply(stream)


main(*sys.argv[1:])
