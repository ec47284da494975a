/** A first trace: made by the server, or sent as a document where the server cannot (another X-Ray-compatible one). */
import { ApiError } from "../../api/client";
import { putTraceSegments } from "../../api/put-trace-segments";
import { sendSampleTrace } from "../../api/sample-trace";

/** Sends it and answers its id. */
export async function sendSample(): Promise<string> {
  try {
    return await sendSampleTrace();
  } catch (cause) {
    if (!(cause instanceof ApiError && cause.status === 404)) throw cause;
  }
  const { id, document } = sampleDocument(Date.now() / 1000, randomHex);
  const refused = await putTraceSegments([JSON.stringify(document)]);
  const [first] = refused;
  if (first) throw new Error(first.Message || first.ErrorCode || "the server did not take the trace");
  return id;
}

/** Hexadecimal digits, unguessable. */
function randomHex(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}

/** A checkout whose payment fails: something to find. Times are seconds since the epoch. */
export function sampleDocument(end: number, hex: (digits: number) => string) {
  const start = end - 0.4;
  const at = (seconds: number) => Number((start + seconds).toFixed(6));
  const id = `1-${Math.floor(start).toString(16).padStart(8, "0")}-${hex(24)}`;
  const exception = { id: hex(16), type: "PaymentDeclined", message: "the card was declined" };
  const document = {
    name: "sample-shop",
    id: hex(16),
    trace_id: id,
    start_time: at(0),
    end_time: at(0.4),
    fault: true,
    http: {
      request: { method: "POST", url: "https://shop.example.com/checkout" },
      response: { status: 502 },
    },
    annotations: { order: "o-1", sample: true },
    subsegments: [
      {
        name: "DynamoDB",
        id: hex(16),
        start_time: at(0.03),
        end_time: at(0.08),
        namespace: "aws",
        aws: { operation: "GetItem", table_name: "orders" },
        http: { response: { status: 200 } },
      },
      {
        name: "pay.example.com",
        id: hex(16),
        start_time: at(0.1),
        end_time: at(0.38),
        namespace: "remote",
        fault: true,
        cause: { exceptions: [exception] },
        http: {
          request: { method: "POST", url: "https://pay.example.com/charge" },
          response: { status: 502 },
        },
      },
    ],
  };
  return { id, document };
}
