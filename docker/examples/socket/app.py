"""An application of WSGI. It does not know that the engine has opened its socket: gunicorn does."""

import os


def application(_environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"hello from {os.getppid()}\n".encode()]
