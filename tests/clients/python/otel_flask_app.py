"""A shop in Flask without a line of instrumentation: `opentelemetry-instrument` starts it, and exporter,
id generator, propagator and sampler come from OTEL_… variables, as in any deployment.

The first line on standard output is the port it listens on. `/flushed` answers when all spans have left.
"""

import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import requests
from flask import Flask, request
from opentelemetry import trace
from werkzeug.serving import make_server

app = Flask(__name__)


class Neighbour(BaseHTTPRequestHandler):
    """What the shop calls and nobody traces: a web page, and a stand-in for DynamoDB."""

    def do_GET(self):
        self.answer(b"hello")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(b'{"Item": {"id": {"S": "o-1"}}}', "application/x-amz-json-1.0")

    def answer(self, body, kind="text/plain"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "REQUEST-1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


neighbour = HTTPServer(("127.0.0.1", 0), Neighbour)
threading.Thread(target=neighbour.serve_forever, daemon=True).start()
neighbour_url = f"http://127.0.0.1:{neighbour.server_port}"
dynamodb = boto3.client("dynamodb", endpoint_url=neighbour_url)


def said():
    context = trace.get_current_span().get_span_context()
    return {
        "trace": f"{context.trace_id:032x}",
        "span": f"{context.span_id:016x}",
        "sampled": context.trace_flags.sampled,
    }


@app.route("/checkout")
def checkout():
    span = trace.get_current_span()
    span.set_attribute("order", "o-1")
    span.set_attribute("amount", 19.99)
    span.set_attribute("is_gift", True)
    span.set_attribute("aws.xray.annotations", ["order", "amount", "is_gift"])
    span.set_attribute("enduser.id", "user-4711")
    span.set_attribute("note", "Grüße")
    with trace.get_tracer("shop").start_as_current_span("price"):
        pass
    cursor = sqlite3.connect(":memory:").cursor()
    cursor.execute("SELECT 1")
    requests.get(f"{neighbour_url}/stock?item=1", timeout=10)
    dynamodb.get_item(TableName="orders", Key={"id": {"S": "o-1"}})
    # The shop's own other half: its segment's parent is the subsegment of this call.
    requests.get(f"http://127.0.0.1:{server.port}/pay", timeout=10)
    return said()


@app.route("/pay")
def pay():
    return said()


@app.route("/relay")
def relay():
    """Calls `to`, which may be an application with another kind of SDK."""
    requests.get(request.args["to"], timeout=10)
    return said()


@app.route("/broken")
def broken():
    raise ValueError("the shelf is empty: Überraschung")


@app.route("/missing")
def missing():
    return said(), 404


@app.route("/busy")
def busy():
    return said(), 429


@app.route("/measured")
def measured():
    return "1" if trace.get_current_span().get_span_context().trace_flags.sampled else "0"


@app.route("/flushed")
def flushed():
    """Answers when every span that has ended is with the server."""
    return {"flushed": trace.get_tracer_provider().force_flush()}


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
