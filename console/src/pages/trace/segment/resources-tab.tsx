import { object, text } from "../../../model/trace/from-documents";
import { Field, Fields } from "./fields";
import type { TabProps } from "./segment-panel";

const DEPTH_MAX = 6;
const FIELDS_MAX = 300;

const TITLES: Record<string, string> = {
  ec2: "EC2 instance",
  ecs: "ECS container",
  eks: "EKS pod",
  elastic_beanstalk: "Elastic Beanstalk",
  cloudwatch_logs: "CloudWatch Logs",
  xray: "X-Ray SDK",
  lambda: "Lambda",
};

/** The `aws` block, the service's version and the resource's ARN as fields. */
export function ResourcesTab({ detail: { merged } }: TabProps) {
  const aws = object(merged.aws) ?? {};
  const service = object(merged.service);
  const plain = Object.entries(aws).filter(([, value]) => typeof value !== "object" || value === null);
  const blocks = Object.entries(aws).filter(([, value]) => typeof value === "object" && value !== null);
  return (
    <>
      <Fields title={plain.length > 0 || text(merged.resource_arn) ? "AWS" : ""}>
        <Field name="resource_arn" value={text(merged.resource_arn)} />
        {plain.map(([name, value]) => (
          <Field key={name} name={name} value={value} />
        ))}
      </Fields>
      {blocks.map(([name, value]) => (
        <Fields key={name} title={TITLES[name] ?? name}>
          {flat(value).map(([path, item]) => (
            <Field key={path} name={path} value={item} />
          ))}
        </Fields>
      ))}
      {service && (
        <Fields title="Application">
          {flat(service).map(([path, item]) => (
            <Field key={path} name={path} value={item} />
          ))}
        </Fields>
      )}
    </>
  );
}

/** Nested members as one list, `a.b` and `0.c`; lists of plain values stay together. */
export function flat(value: unknown): [string, unknown][] {
  const fields: [string, unknown][] = [];
  const walk = (at: unknown, path: string, depth: number) => {
    if (fields.length >= FIELDS_MAX) return;
    const isPlain = typeof at !== "object" || at === null;
    const isPlainList = Array.isArray(at) && at.every(item => typeof item !== "object");
    if (isPlain || isPlainList || depth >= DEPTH_MAX) {
      fields.push([path || "value", isPlainList ? at.join(", ") : at]);
      return;
    }
    const only = Array.isArray(at) && at.length === 1;
    for (const [name, member] of Object.entries(at)) {
      walk(member, only ? path : path ? `${path}.${name}` : name, depth + 1);
    }
  };
  walk(value, "", 0);
  return fields;
}
