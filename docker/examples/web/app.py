"""An application that needs nothing but Python: says hello, answers /health, counts what /report was asked."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    reports = 0

    def do_GET(self):
        if self.path == "/health":
            text = "ok\n"
        elif self.path == "/report":
            Handler.reports += 1
            text = f"report {Handler.reports}\n"
        else:
            text = f"hello, {Handler.reports} reports so far\n"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        if self.path != "/health":
            print(format % args, flush=True)


print("listening on 127.0.0.1:8000", flush=True)
ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
