"""Sends an OpenTelemetry request over gRPC as it is.

Usage: otlp_grpc.py HOST:PORT FILE none|gzip
Prints the answer in hexadecimal digits; nothing when everything was taken.
"""

import sys

import grpc

ADDRESS, FILE, COMPRESSION = sys.argv[1:4]
METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

with open(FILE, "rb") as file:
    request = file.read()
compression = grpc.Compression.Gzip if COMPRESSION == "gzip" else grpc.Compression.NoCompression
with grpc.insecure_channel(ADDRESS, options=[("grpc.enable_http_proxy", 0)]) as channel:
    # Without serializers: bytes in, bytes out.
    export = channel.unary_unary(METHOD)
    print(export(request, timeout=30, compression=compression).hex())
