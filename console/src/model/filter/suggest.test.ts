import { expect, test } from "vitest";
import { bracketsAt, scan } from "./scan";
import { annotationSuggestions, expectedAt, valueSuggestions } from "./suggest";

const at = (text: string) => expectedAt(text.replace("|", ""), text.indexOf("|"));
const labels = (text: string) => at(text).suggestions.map(({ label }) => label);

test("keywords at the start, after a joiner, and of the scope", () => {
  expect(labels("|")).toContain("fault");
  expect(labels("|")).not.toContain("coverage");
  expect(labels("fa|")[0]).toBe("fault");
  expect(labels("fault AND http|")[0]).toBe("http.url");
  expect(labels('service("x") { roo|')).toEqual(["root"]);
  expect(labels("rootcause.responsetime.entity { cov|")).toEqual(["coverage"]);
});

test("operators after a keyword, joiners after a condition", () => {
  expect(labels("responsetime |").slice(0, 2)).toEqual([">", ">="]);
  expect(labels("http.url |")).toContain("CONTAINS");
  expect(labels("http.url CON|")[0]).toBe("CONTAINS");
  expect(labels("responsetime > 5 |").slice(0, 2)).toEqual(["AND", "OR"]);
  expect(labels('service("x") |')[0]).toBe("{");
});

test("values come from the server's facets", () => {
  expect(at("http.method = |").wanted).toEqual({ key: "method" });
  expect(at('http.method = "PO|').wanted).toEqual({ key: "method" });
  expect(at('service("pa|').wanted).toEqual({ key: "service" });
  expect(at('service(id(name: "pa|').wanted).toEqual({ key: "service" });
  expect(at("annotation.ti|").wanted).toBe("annotation keys");
  expect(at("annotation[order.|").wanted).toBe("annotation keys");
  expect(at("annotation.tier = |").wanted).toEqual({ key: "annotation.tier" });
  expect(at("annotation[order.total] > |").wanted).toEqual({ key: "annotation.order.total" });
  expect(at("group.name = |").wanted).toBe("groups");
  expect(labels("fault = |")).toEqual(["true", "false"]);
});

test("what is inserted replaces what is written", () => {
  const method = at('http.method = "PO|ST"');
  expect([method.from, method.to]).toEqual([14, 20]);
  const values = [
    { value: "POST", count: 3, filter: 'http.method = "POST"' },
    { value: "GET", count: 9, filter: 'http.method = "GET"' },
  ];
  expect(valueSuggestions(method, values)).toEqual([{ label: "POST", insert: '"POST" ', count: 3 }]);
  const number = at("http.status = |");
  expect(valueSuggestions(number, [{ value: "502", count: 1, filter: "http.status = 502" }])[0]?.insert).toBe(
    "502 ",
  );
  const keys = [
    { key: "order.total", count: 2 },
    { key: "tier", count: 5 },
  ];
  expect(annotationSuggestions(at("annotation.|"), keys).map(({ insert }) => insert)).toEqual([
    "annotation[order.total] ",
    "annotation.tier ",
  ]);
});

test("pieces cover the text without gaps, and brackets find each other", () => {
  for (const text of ['service(id(name: "a")) { fault }', 'user = "open', "ö ! #[{]", "a:b/c-d = e:f"]) {
    expect(
      scan(text)
        .map(span => span.text)
        .join(""),
    ).toBe(text);
  }
  const text = "service(id()) { ok }";
  expect(bracketsAt(scan(text), 7)?.map(span => span.from)).toEqual([7, 12]);
  expect(bracketsAt(scan(text), 20)?.map(span => span.from)).toEqual([14, 19]);
  expect(bracketsAt(scan(text), 2)).toBeUndefined();
});
