/**
 * Traffic of a small shop: `web` calls `orders` and `search`, `orders` calls `payments` and a table, `search`
 * a database. Checkouts fail in the payments, some searches are slow.
 */
import { type Document, entity, exception, http, inner, inTrace, type Span, traceId } from "./documents";
import { Random } from "./random";

export interface Traffic {
  seed: number;
  /** The last request begins before this, in milliseconds since the epoch. */
  end: number;
  minutes: number;
  perMinute: number;
}

export const EXCEPTION = "the card issuer did not answer in time";

/** Checkouts that fail, searches that are slow. */
const FAULTS = 0.3;
const SLOW = 0.15;

/** The documents of all requests, oldest first. */
export function shopTraffic({ seed, end, minutes, perMinute }: Traffic): Document[] {
  const count = minutes * perMinute;
  const gap = (minutes * 60_000) / count;
  return Array.from({ length: count }, (_, number) => {
    const random = new Random(seed * 1_000_003 + number);
    const at = end - (count - number) * gap;
    const way = random.share();
    if (way < 0.25) return checkout(random, at);
    return way < 0.55 ? search(random, at) : browse(random, at);
  }).flat();
}

function checkout(random: Random, at: number): Document[] {
  const trace = traceId(random, at);
  const fails = random.chance(FAULTS);
  const whole: Span = { start: at, end: at + random.latency(180) };
  const [ordering, paying] = [inner(whole, 8, 6), inner(whole, 40, 14)];
  const status = fails ? 502 : 200;
  const url = "https://shop.example/checkout";
  const trouble = fails ? exception(random, "PaymentTimeout", EXCEPTION) : {};
  const toPayments = entity(random, "payments", paying, {
    namespace: "remote",
    ...http("POST", "http://payments.shop.local/charge", status),
    ...(fails ? exception(random, "BadGateway", "payments answered 502", true) : {}),
  });
  const table = entity(random, "DynamoDB", inner(ordering, 6, ordering.end - ordering.start - 22), {
    namespace: "aws",
    aws: { operation: "PutItem", table_name: "orders", region: "eu-west-1", request_id: random.hex(16) },
    http: { response: { status: 200 } },
  });
  const orders = entity(random, "orders", inner(ordering, 2, 2), {
    origin: "AWS::ECS::Container",
    ...http("POST", "http://orders.shop.local/orders", status),
    annotations: { tier: random.pick(["gold", "silver", "basic"]), items: 1 + random.below(6) },
    metadata: { default: { cart: { currency: "EUR", vouchers: [] } } },
    subsegments: [table, toPayments],
  });
  const payments = entity(random, "payments", inner(paying, 3, 3), {
    parent_id: toPayments.id,
    origin: "AWS::EC2::Instance",
    aws: { ec2: { instance_id: "i-0abc1234def567890", availability_zone: "eu-west-1a" } },
    ...http("POST", "http://payments.shop.local/charge", status),
    ...trouble,
  });
  return front(random, trace, whole, { method: "POST", url, status }, [[ordering, orders]]).concat(
    inTrace(trace, payments),
  );
}

function search(random: Random, at: number): Document[] {
  const trace = traceId(random, at);
  const slow = random.chance(SLOW);
  const whole: Span = { start: at, end: at + (slow ? 1_200 + random.latency(600) : random.latency(60)) };
  const [searching, querying] = [inner(whole, 5, 4), inner(whole, 14, 10)];
  const query = entity(random, "catalogue@db.shop.local", querying, {
    namespace: "remote",
    sql: {
      url: "postgresql://db.shop.local:5432/catalogue",
      database_type: "PostgreSQL",
      database_version: "15.8",
      driver_version: "8.11",
      user: "search",
      sanitized_query: "SELECT id, title FROM product WHERE title ILIKE ? ORDER BY rank LIMIT 20",
    },
  });
  const segment = entity(random, "search", inner(searching, 2, 2), {
    origin: "AWS::Lambda::Function",
    ...http("GET", "http://search.shop.local/search", 200),
    annotations: { cached: !slow, shard: random.below(4) },
    subsegments: [query],
  });
  const url = `https://shop.example/search?q=${random.pick(["lamp", "chair", "desk"])}`;
  return front(random, trace, whole, { method: "GET", url, status: 200 }, [[searching, segment]]);
}

function browse(random: Random, at: number): Document[] {
  const trace = traceId(random, at);
  const whole: Span = { start: at, end: at + random.latency(25) };
  const status = random.chance(0.04) ? 404 : random.chance(0.01) ? 429 : 200;
  return front(random, trace, whole, { method: "GET", url: "https://shop.example/", status }, []);
}

/** The segment of `web`, and those it calls. */
function front(
  random: Random,
  trace: string,
  whole: Span,
  request: { method: string; url: string; status: number },
  calls: [Span, Document][],
): Document[] {
  const subsegments = calls.map(([span, called]) =>
    entity(random, String(called.name), span, {
      namespace: "remote",
      ...http(request.method, `http://${called.name}.shop.local/`, request.status),
    }),
  );
  const web = entity(random, "web", whole, {
    ...http(request.method, request.url, request.status),
    user: `customer-${random.below(20)}`,
    service: { version: "3.1.0" },
    subsegments,
  });
  const called = calls.map(([, document], index) => ({ ...document, parent_id: subsegments[index]?.id }));
  return [web, ...called].map(document => inTrace(trace, document));
}
