// A shop in Express with OpenTelemetry's SDK for Node and its automatic instrumentations, nothing else.
//
// Exporter and service come from OTEL_… variables, as in any deployment; what the SDK has no variable for
// is set in code when AWS=1: X-Ray's ids, propagation, and sampling by the rules at XRAY_ENDPOINT. The
// first line on standard output is the port it listens on. `/flushed` answers when all spans have left.
'use strict';

const http = require('http');
const { trace } = require('@opentelemetry/api');
const { AWSXRayIdGenerator } = require('@opentelemetry/id-generator-aws-xray');
const { AWSXRayPropagator } = require('@opentelemetry/propagator-aws-xray');
const { AWSXRayRemoteSampler } = require('@opentelemetry/sampler-aws-xray');
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { NodeSDK, resources, tracing } = require('@opentelemetry/sdk-node');

const aws = () => ({
  idGenerator: new AWSXRayIdGenerator(),
  textMapPropagator: new AWSXRayPropagator(),
  sampler: new tracing.ParentBasedSampler({
    root: new AWSXRayRemoteSampler({
      resource: resources.resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME }),
      endpoint: process.env.XRAY_ENDPOINT,
    }),
  }),
});

new NodeSDK({
  instrumentations: [
    new HttpInstrumentation({
      // The neighbour is traced by nobody.
      ignoreIncomingRequestHook: ({ url }) => url === '/flushed' || url.startsWith('/stock'),
      ignoreOutgoingRequestHook: (request) => String(request.path).startsWith('/v1/'),
    }),
    new ExpressInstrumentation(),
  ],
  ...(process.env.AWS === '1' ? aws() : {}),
}).start();

const express = require('express');

const neighbour = http.createServer((request, response) => {
  response.setHeader('Content-Length', 5);
  response.end('hello');
});

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

function said() {
  const { traceId, spanId, traceFlags } = trace.getActiveSpan().spanContext();
  return { trace: traceId, span: spanId, sampled: (traceFlags & 1) === 1 };
}

const app = express();

app.get('/checkout', async (request, response) => {
  await trace.getTracer('shop').startActiveSpan('price', async (span) => {
    span.setAttribute('order', 'o-1');
    span.setAttribute('amount', 19.99);
    span.setAttribute('is_gift', true);
    span.setAttribute('aws.xray.annotations', ['order', 'amount', 'is_gift']);
    span.setAttribute('note', 'Grüße');
    span.end();
  });
  await get(`http://127.0.0.1:${neighbour.address().port}/stock?item=1`);
  await get(`http://127.0.0.1:${server.address().port}/pay`);
  response.json(said());
});

app.get('/pay', (request, response) => response.json(said()));

// Calls `to`, which may be an application with another kind of SDK.
app.get('/relay', async (request, response) => {
  await get(request.query.to);
  response.json(said());
});

app.get('/broken', () => {
  throw new TypeError('the shelf is empty: Überraschung');
});

app.get('/missing', (request, response) => response.status(404).json(said()));

app.get('/busy', (request, response) => response.status(429).json(said()));

app.get('/measured', (request, response) => response.send(said().sampled ? '1' : '0'));

app.get('/flushed', async (request, response) => {
  await trace.getTracerProvider().getDelegate().forceFlush();
  response.json({ flushed: true });
});

// Quiet: the failure is in the trace.
app.use((error, request, response, next) => response.status(500).send('broken'));

let server;
neighbour.listen(0, '127.0.0.1', () => {
  server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
