"""Applications of twenty lines: a folder with `bin/start`, whose server tells its version."""

from pathlib import Path
from typing import Final

_START: Final = '#!/bin/sh\nexec "${SHOP_PYTHON:-python3}" -I server.py\n'
_SERVER: Final = """
import os, signal, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

{before}
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"{version}"
        self.send_response({health} if self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False  # what has been begun is ended

server = Server((os.environ["HOST"], int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
"""


def write(folder: Path, version: str, *, health: int = 200, before: str = "") -> Path:
    """`health`: the status of /health; `before`: code that runs before the server is there."""
    (folder / "bin").mkdir(parents=True)
    start = folder / "bin" / "start"
    start.write_text(_START)
    start.chmod(0o755)
    (folder / "server.py").write_text(_SERVER.format(version=version, health=health, before=before))
    return folder
