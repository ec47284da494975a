// A shop in Express, instrumented with the official X-Ray SDK for Node and nothing else.
//
// The daemon's address comes from AWS_XRAY_DAEMON_ADDRESS, as in any deployment. The first line on
// standard output is the port it listens on.
'use strict';

const http = require('http');
const xray = require('aws-xray-sdk');
const express = require('express');

xray.captureHTTPsGlobal(http);

const neighbour = http.createServer((request, response) => {
  response.setHeader('Content-Length', 5);
  response.end('hello');
});

// Of the SDK's capture the promise-less form: it calls back, whatever the body does.
function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

const app = express();
app.use(xray.express.openSegment('express-shop'));

app.get('/checkout', async (request, response) => {
  const segment = xray.getSegment();
  segment.setUser('user-4711');
  segment.addAnnotation('order', 'o-1');
  segment.addAnnotation('amount', 19.99);
  segment.addAnnotation('is_gift', true);
  segment.addMetadata('cart', { items: [1, 2, { sku: 'x' }], note: 'Grüße' }, 'shop');
  await xray.captureAsyncFunc('price', async (price) => {
    price.addAnnotation('currency', 'EUR');
    await xray.captureAsyncFunc('discount', async (discount) => {
      discount.addMetadata('steps', ['a', 'b']);
      discount.close();
    }, price);
    price.close();
  });
  await get(`http://127.0.0.1:${neighbour.address().port}/stock?item=1`);
  await get(`http://127.0.0.1:${server.address().port}/pay`);
  response.send('done');
});

app.get('/pay', (request, response) => response.send('paid'));

// Calls `to`, which may be an application with another kind of SDK.
app.get('/relay', async (request, response) => {
  await get(request.query.to);
  response.send('relayed');
});

app.get('/broken', (request, response, next) => {
  xray.captureFunc('inner', () => {
    throw new TypeError('the shelf is empty: Überraschung');
  });
});

app.get('/missing', (request, response) => response.status(404).send('no such item'));

app.get('/busy', (request, response) => response.status(429).send('slow down'));

app.get('/measured', (request, response) => response.send(xray.getSegment().notTraced ? '0' : '1'));

app.use(xray.express.closeSegment());
// Quiet: the failure is in the trace.
app.use((error, request, response, next) => response.status(500).send('broken'));

let server;
neighbour.listen(0, '127.0.0.1', () => {
  server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
