"""A stand-in for the Hugging Face hub: serves a few repositories from memory and keeps a list of what was asked."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

COMMIT = "c0ffee" * 6 + "abcd"


class HubServer:
    """Context manager; `url` is what HF_ENDPOINT should be, `repos` maps a repository to its files."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.gated: set[str] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub._answer(self, body=True)

            def do_HEAD(self) -> None:
                hub._answer(self, body=False)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = urlsplit(request.path).path.strip("/")
        self.asked.append(f"{request.command} /{path}")
        for repo, files in self.repos.items():
            if path in {
                f"api/models/{repo}",
                f"api/models/{repo}/revision/main",
                f"api/models/{repo}/revision/{COMMIT}",
            }:
                if repo in self.gated:
                    return self._send(request, 403, b"", {"X-Error-Code": "GatedRepo"}, body)
                siblings = [{"rfilename": name} for name in files]
                info = {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
                return self._send(request, 200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body)
            if path in {f"api/models/{repo}/tree/main", f"api/models/{repo}/tree/{COMMIT}"}:
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in files.items()
                ]
                return self._send(request, 200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
            for branch in ("main", COMMIT):
                name = path.removeprefix(f"{repo}/resolve/{branch}/")
                if name != path and name in files:
                    etag = hashlib.sha256(files[name]).hexdigest()
                    return self._send(request, 200, files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, body)
        return self._send(request, 404, b"", {"X-Error-Code": "RepoNotFound"}, body)

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            request.send_header(name, value)
        request.end_headers()
        if body:
            request.wfile.write(data)
