"""A shop in Flask, instrumented with the official X-Ray SDK for Python and nothing else.

The daemon's address comes from AWS_XRAY_DAEMON_ADDRESS, as in any deployment. The first line on
standard output is the port it listens on.
"""

import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import requests
from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask, request
from werkzeug.serving import make_server

patch(("sqlite3", "requests", "botocore"))
xray_recorder.configure(service="flask-shop", sampling=True, context_missing="LOG_ERROR")

app = Flask(__name__)
XRayMiddleware(app, xray_recorder)


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


@app.route("/checkout")
def checkout():
    segment = xray_recorder.current_segment()
    segment.set_user("user-4711")
    segment.put_annotation("order", "o-1")
    segment.put_annotation("amount", 19.99)
    segment.put_annotation("is_gift", True)
    segment.put_metadata("cart", {"items": [1, 2, {"sku": "x"}], "note": "Grüße"}, "shop")
    with xray_recorder.in_subsegment("price") as price:
        price.put_annotation("currency", "EUR")
        with xray_recorder.in_subsegment("discount") as discount:
            discount.put_metadata("steps", ["a", "b"])
    cursor = sqlite3.connect(":memory:").cursor()
    cursor.execute("SELECT 1")
    requests.get(f"{neighbour_url}/stock?item=1", timeout=10)
    dynamodb.get_item(TableName="orders", Key={"id": {"S": "o-1"}})
    # The shop's own other half: its segment's parent is the subsegment of this call.
    requests.get(f"http://127.0.0.1:{server.port}/pay", timeout=10)
    return "done"


@app.route("/pay")
def pay():
    return "paid"


@app.route("/relay")
def relay():
    """Calls `to`, which may be an application with another kind of SDK."""
    requests.get(request.args["to"], timeout=10)
    return "relayed"


@app.route("/many")
def many():
    # Over the SDK's threshold of 30: finished subsegments leave before their segment does.
    for number in range(40):
        with xray_recorder.in_subsegment(f"step {number}"):
            pass
    return "done"


@app.route("/broken")
def broken():
    with xray_recorder.in_subsegment("inner"):
        raise ValueError("the shelf is empty: Überraschung")


@app.route("/missing")
def missing():
    return "no such item", 404


@app.route("/busy")
def busy():
    return "slow down", 429


@app.route("/measured")
def measured():
    return "1" if xray_recorder.current_segment().sampled else "0"


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
