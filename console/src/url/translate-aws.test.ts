import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress } from "./address";
import { parseAwsState } from "./aws-state";

const ID = "1-6352641a-03093dcd66a913fd00a682ac";

test("pages of CloudWatch open their counterpart, without a note", () => {
  const cases: [string, object][] = [
    ["xray:service-map/map", { page: "service-map" }],
    ["xray:service-map/", { page: "service-map" }],
    ["servicelens:map", { page: "service-map" }],
    ["servicelens:service-map/map", { page: "service-map" }],
    ["servicelens:", { page: "service-map" }],
    ["xray:traces", { page: "traces" }],
    ["xray:traces/query", { page: "traces" }],
    ["servicelens:traces", { page: "traces" }],
    [`xray:traces/${ID}`, { page: "trace", id: ID, view: "timeline" }],
    ["xray:traces/6352641a03093dcd66a913fd00a682ac", { page: "trace", id: ID, view: "timeline" }],
    ["xray:insights", { page: "insights" }],
    ["xray:settings", { page: "groups" }],
    ["xray:settings/groups", { page: "groups" }],
    ["xray:settings/sampling-rules", { page: "sampling" }],
    ["xray:settings/transaction-search", { page: "settings", section: "indexing" }],
  ];
  for (const [hash, route] of cases) {
    const { address, notes } = parseAddress(`#${hash}`);
    expect(address.route, hash).toEqual(route);
    expect(notes, hash).toEqual([]);
  }
});

test("expression, range and group come along", () => {
  const { address, notes } = parseAddress(
    "#xray:traces/query?~(query~(filter~()~expression~'service*28id*28name*3a*20*22f*22*29*29*20AND*20fault)" +
      "~context~(xrayGroup~'checkout~timeRange~(end~'2022-10-21T10*3a30*3a00.000Z~start~'2022-10-21T09*3a00*3a00.000Z)))",
  );
  expect(notes).toEqual([]);
  expect(address.params.filter).toBe('service(id(name: "f")) AND fault');
  expect(address.params.group).toBe("checkout");
  expect(address.params.timeRange).toEqual({
    kind: "absolute",
    start: Date.UTC(2022, 9, 21, 9),
    end: Date.UTC(2022, 9, 21, 10, 30),
  });
});

test("a length of time is in milliseconds, in an object or alone", () => {
  for (const range of ["(delta~21600000)", "21600000"]) {
    const { address } = parseAddress(`#xray:service-map/map?~(query~()~context~(timeRange~${range}))`);
    expect(address.params.timeRange).toEqual({ kind: "relative", millis: 21_600_000 });
  }
});

test("a selected node is selected on the map, and filters traces", () => {
  const state =
    "?~(query~(filter~(node~'*7e*28name*7e*27f*7etype*7e*27AWS*2a3a*2a3aLambda*2a3a*2a3aFunction*7edataSource*7e*27xray*29))~context~())";
  const map = parseAddress(`#servicelens:service-map/map${state}`).address;
  expect(map.params.node).toEqual({ name: "f", type: "AWS::Lambda::Function" });
  const list = parseAddress(`#xray:traces/query${state}`).address;
  expect(list.params.filter).toBe('service(id(name: "f", type: "AWS::Lambda::Function"))');
});

test("the X-Ray console's own parameters are read as ours, percent-encoded state too", () => {
  expect(parseAddress("#xray:traces/query?timeRange=PT1H&filter=fault").address.params).toMatchObject({
    filter: "fault",
    timeRange: { kind: "relative", millis: 3_600_000 },
  });
  const encoded = encodeURIComponent("~(query~(expression~'fault))");
  expect(parseAddress(`#xray:traces/query?${encoded}`).address.params.filter).toBe("fault");
});

test("what there is not is named, and the rest is shown", () => {
  const { address, notes } = parseAddress(
    "#xray:service-map/list?~(query~(view~'list)~context~(timeRange~(delta~60000)))",
  );
  expect(address.route).toEqual({ page: "service-map" });
  expect(address.params.timeRange).toEqual({ kind: "relative", millis: 60_000 });
  expect(notes).toEqual([
    '"list" of the AWS address has no counterpart here',
    "of the AWS address, view has no counterpart here",
  ]);
  expect(parseAddress("#xray:traces/query?~(query~x)y").notes).toHaveLength(0);
  expect(parseAddress("#xray:traces/query?~(query)x)").notes).toHaveLength(1);
  expect(parseAddress("#xray:nowhere").address.route).toEqual({ page: "service-map" });
});

test("lists, names like __proto__, and depth", () => {
  expect(parseAwsState("~(a~(~'x~1~true)~b~null)")).toEqual({ a: ["x", 1, true], b: null });
  expect(Object.keys(parseAwsState("~(__proto__~'x)") as object)).toEqual(["__proto__"]);
  expect(parseAwsState(`~${"(a~".repeat(100_000)}`)).toBeUndefined();
  expect(parseAwsState("~'**20ac*20x")).toBe("€ x");
});

test("no state makes reading fail", () => {
  const text = fc.string({ unit: fc.constantFrom("~", "(", ")", "'", "*", "2", "a", "é"), maxLength: 60 });
  fc.assert(fc.property(text, state => void parseAddress(`#xray:traces/query?~(${state}`)));
});
