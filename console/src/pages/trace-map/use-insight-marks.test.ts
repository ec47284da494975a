import { expect, test } from "vitest";
import type { Insight } from "../../api/insights";
import { nodeIdOf } from "../../model/graph/graph";
import { marksOf } from "./use-insight-marks";

const service = (Name: string, Type?: string) => ({ Name, Names: [], AccountId: undefined, Type });

const insight = (State: string, root: string, anomalous: string[]): Insight => ({
  InsightId: "i",
  GroupName: "Default",
  GroupARN: undefined,
  RootCauseServiceId: service(root, "AWS::ECS"),
  Categories: ["FAULT"],
  State,
  StartTime: 0,
  EndTime: undefined,
  Summary: "",
  ClientRequestImpactStatistics: undefined,
  RootCauseServiceRequestImpactStatistics: undefined,
  TopAnomalousServices: anomalous.map(name => ({ ServiceId: service(name, "AWS::ECS") })),
  LastUpdateTime: undefined,
});

test("counts the active insights that a node is part of, once each", () => {
  const marks = marksOf([
    insight("ACTIVE", "pay", ["pay", "web"]),
    insight("ACTIVE", "pay", []),
    insight("CLOSED", "cart", ["web"]),
  ]);
  const of = (name: string) => marks.get(nodeIdOf({ name, type: "AWS::ECS" }));
  expect(of("pay")).toEqual({ words: "2 active insights", mark: "!2", hasHalo: false });
  expect(of("web")?.words).toBe("1 active insight");
  expect(of("cart")).toBeUndefined();
});
