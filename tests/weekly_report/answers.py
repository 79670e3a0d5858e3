"""AWS services that MiniStack has not, over HTTP on loopback: Cost Explorer, Patch Manager.

Answers are recorded shapes; each is checked against botocore's model of the operation before it is given, so that none
can have a field that AWS does not send.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

Answers = Mapping[str, Any]
"""Operation -> its answer, or (HTTP status, error code)."""


def checked(service: str, operation: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer, as the operation may give it. Raises `AssertionError` else."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape
    report = ParamValidator().validate(dict(answer), shape)
    unknown = answer.keys() - shape.members.keys()
    assert not report.has_errors(), report.generate_report()
    assert not unknown, f"{operation} answers no {unknown}"
    return answer


@contextmanager
def serving(answers: Answers, asked: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """The endpoint. `asked`: takes operation and parameters of each request. What has no answer is refused."""
    for operation, answer in answers.items():
        if not isinstance(answer, tuple):
            checked("ssm" if "Patch" in operation else "ce", operation, answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((operation, body))
            answer = answers.get(operation, (400, "AccessDeniedException"))
            if isinstance(answer, tuple):
                status, content = answer[0], {"__type": answer[1], "message": f"no {operation}"}
            else:
                status, content = 200, answer
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `asked`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
