"""Counts visits. It needs the database and its table when it starts, and does not wait for them: the engine does."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

WHERE = "host=/run/postgresql dbname=postgres"


def count_visit():
    with psycopg2.connect(WHERE) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO visits DEFAULT VALUES")
        cursor.execute("SELECT count(*) FROM visits")
        return cursor.fetchone()[0]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            body = "well" if self.path == "/health" else f"visit {count_visit()}"
            self.send_response(200)
        except psycopg2.OperationalError as error:
            body = f"the database does not answer: {error}"
            self.send_response(503)
        self.end_headers()
        self.wfile.write(f"{body}\n".encode())

    def log_message(self, format, *words):
        pass


print(f"started at {count_visit()} visits", flush=True)
ThreadingHTTPServer(("", 8080), Handler).serve_forever()
