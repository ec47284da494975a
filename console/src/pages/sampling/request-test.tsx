/** Which rule takes a request? Tested by hand, exactly as clients decide (spec sampling.md 3). */
import { useState } from "preact/hooks";
import type { SamplingRule } from "../../api/sampling-rules";
import type { Tag } from "../../api/tags";
import { TextField } from "../../components/field/field";
import { SidePanel } from "../../components/side-panel/side-panel";
import { TagEditor } from "../../components/tag-editor/tag-editor";
import { formatShare, visible } from "../../model/format";
import {
  byPriority,
  MATCH_FIELDS,
  type MatchField,
  mismatch,
  type SamplingRequest,
} from "../../model/sampling";
import styles from "./sampling.module.css";

const EXAMPLES: Partial<Record<MatchField, string>> = {
  ServiceName: "Web",
  ServiceType: "AWS::ECS::Fargate",
  Host: "shop.example",
  HTTPMethod: "GET",
  URLPath: "/orders/7",
};

export function RequestTest({ rules, onClose }: { rules: SamplingRule[]; onClose: () => void }) {
  const [fields, setFields] = useState<Partial<Record<MatchField, string>>>({});
  const [attributes, setAttributes] = useState<Tag[]>([]);
  const request: SamplingRequest = {
    ...Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== "")),
    Attributes: new Map(attributes.map(({ Key, Value }) => [Key, Value])),
  };
  return (
    <SidePanel label="Test a request" title="Which rule takes this?" onClose={onClose}>
      <div class={styles.test}>
        <p class={styles.muted}>
          Describe a request as a client sees it. What is left empty counts as a match, as in the X-Ray SDKs.
        </p>
        <div class={styles.pair}>
          {MATCH_FIELDS.map(({ member, label }) => (
            <TextField
              key={member}
              label={label}
              value={fields[member] ?? ""}
              onValue={text => setFields({ ...fields, [member]: text })}
              placeholder={EXAMPLES[member] ?? ""}
              isFirst={member === "ServiceName"}
              isMono
            />
          ))}
        </div>
        <TagEditor label="Attributes" word="attribute" tags={attributes} onTags={setAttributes} />
        <Outcome rules={rules} request={request} />
      </div>
    </SidePanel>
  );
}

function Outcome({ rules, request }: { rules: SamplingRule[]; request: SamplingRequest }) {
  const sorted = [...rules].sort(byPriority);
  const reasons = sorted.map(rule => mismatch(rule, request));
  const at = reasons.indexOf(undefined);
  const taken = sorted[at];
  return (
    <section class={styles.outcome} aria-label="Result">
      <p role="status">
        {taken ? (
          <>
            <b>{visible(taken.RuleName)}</b> takes it: {taken.ReservoirSize} a second over all clients, then{" "}
            {formatShare(taken.FixedRate, 1)} of the rest.
          </>
        ) : (
          "No rule takes it."
        )}
      </p>
      <ol class={styles.tried}>
        {sorted.map((rule, index) => (
          <li
            key={rule.RuleName}
            class={index === at ? styles.taken : at >= 0 && index > at ? styles.rest : ""}
          >
            <span>{visible(rule.RuleName)}</span>
            <span class={styles.muted}>
              {index === at
                ? "takes it"
                : at >= 0 && index > at
                  ? "not asked"
                  : `${visible(reasons[index] ?? "", 60)} differs`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
