import { expect, test } from "vitest";
import { around, faultFilter, lasted, sharesOf, tally, whatChanged } from "./insight";

test("the rest of the requests are errors and throttles", () => {
  const shares = sharesOf({ FaultCount: 3, OkCount: 5, TotalCount: 10 });
  expect(shares.map(({ count }) => count)).toEqual([3, 2, 5]);
});

test("a node's filter quotes its name", () => {
  expect(faultFilter({ Name: 'a"b\\', Type: "AWS::Lambda" })).toBe(
    'service(id(name: "a\\"b\\\\", type: "AWS::Lambda")) { fault }',
  );
  expect(faultFilter({ Name: "web" })).toBe('service(id(name: "web")) { fault }');
});

test("time around an incident ends now at the latest", () => {
  expect(lasted({ StartTime: 100, EndTime: 400 }, 9_999)).toBe(300);
  expect(around({ StartTime: 10_000, EndTime: 10_600 }, 20_000)).toEqual({
    start: 9_400_000,
    end: 11_200_000,
  });
  expect(around({ StartTime: 10_000 }, 10_300).end).toBe(10_300_000);
});

test("events say what made them", () => {
  const event = (names: string[], faults: number, Summary = "Faults from pay are above") => ({
    Summary,
    TopAnomalousServices: names.map(Name => ({ ServiceId: { Name } })),
    ClientRequestImpactStatistics: { FaultCount: faults, OkCount: 100 - faults, TotalCount: 100 },
  });
  const first = event(["pay"], 10);
  expect(whatChanged(first, undefined)).toBe("Opened");
  expect(whatChanged(event(["pay", "web"], 10), first)).toBe("Spread to web");
  expect(whatChanged(event(["pay"], 10), event(["pay", "web"], 10))).toBe("web recovered");
  expect(whatChanged(event(["pay"], 40), first)).toBe("Became worse");
  expect(whatChanged(event(["pay"], 2), first)).toBe("Eased");
  const moved = event(["pay"], 10, "Faults from orders (AWS::DynamoDB::Table) are above");
  const stayed = event(["pay"], 10, "Faults from pay (AWS::Lambda) are above");
  expect(whatChanged(moved, stayed)).toBe("The root cause is now orders");
  expect(whatChanged(event(["pay"], 2, "Incident closed. Faults were."), first)).toBe("Closed");
});

test("root causes are counted by path and exception, once per trace", () => {
  const cause = (message: string) => ({
    Services: [
      { Name: "web", EntityPath: [{ Name: "web", Exceptions: [] }] },
      { Name: "pay", EntityPath: [{ Name: "pay", Exceptions: [{ Name: "Timeout", Message: message }] }] },
    ],
  });
  const rows = tally([
    { FaultRootCauses: [cause("a"), cause("a")] },
    { FaultRootCauses: [cause("b")] },
    { FaultRootCauses: [cause("b")] },
  ]);
  expect(rows).toEqual([
    { path: ["web", "pay"], exception: "Timeout: b", count: 2 },
    { path: ["web", "pay"], exception: "Timeout: a", count: 1 },
  ]);
});
