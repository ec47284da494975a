/** What kind of thing a node is, as a drawing of its own: lines in a box of 24 × 24. */

export type GlyphName = keyof typeof GLYPHS;

export const GLYPHS = {
  client: "M12 4.5a3.6 3.6 0 1 0 0 7.2a3.6 3.6 0 1 0 0-7.2M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
  browser: "M3.5 5h17v12.500h-17zM3.5 8.500h17M8.5 20.500h7M12 17.500v3",
  compute:
    "M4 4.500h16v6.200H4zM4 13.300h16v6.200H4zM7.5 7.600h.01M7.5 16.400h.01M11 7.600h5.500M11 16.400h5.5",
  container: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500l8-4.500M12 12v9",
  function: "M6 20L12.3 7.500M8 4h2.200c.8 0 1.3.5 1.6 1.200L17.3 19c.3.7.9 1 1.7 1h.8",
  database:
    "M4.5 6.200c0-1.5 3.3-2.7 7.5-2.700s7.5 1.2 7.5 2.700s-3.3 2.7-7.5 2.700s-7.5-1.2-7.5-2.700v11.600c0 1.5 3.3 2.7 7.5 2.700s7.5-1.2 7.5-2.700V6.200M4.5 12c0 1.5 3.3 2.7 7.5 2.700s7.5-1.2 7.5-2.7",
  bucket:
    "M4 6.500h16l-2 12.500c-.1.8-.8 1.3-1.6 1.300H7.600c-.8 0-1.5-.5-1.6-1.300zM4 6.500c0-1.5 3.6-2.5 8-2.500s8 1 8 2.5",
  queue:
    "M3 7.500h4v9H3zM9 7.500h4v9H9zM15 7.500h2.500M15 16.500h2.500M15 7.500v9M18 12h4M20 9.800L22.2 12L20 14.2",
  topic: "M5 10.500h3L17 5v14l-9-5.500H5zM8 13.500l1 5.500h2.500l-.8-4M19.5 9.500c1.2 1.4 1.2 3.6 0 5",
  flow: "M9 3.500h6v5H9zM3.5 15.500h6v5h-6zM14.5 15.500h6v5h-6zM12 8.500V12M6.5 15.500V12h11v3.5",
  gateway: "M8.5 6L3 12l5.5 6M15.5 6L21 12l-5.5 6M13.5 4.500l-3 15",
  http: "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17M3.5 12h17M12 3.500c2.5 2.3 3.7 5.2 3.7 8.500s-1.2 6.2-3.7 8.500c-2.5-2.3-3.7-5.2-3.7-8.500s1.2-6.2 3.7-8.5",
  group: "M8 4h12v12M4 8h12v12H4z",
  generic: "M12 3.200l7.6 4.400v8.800L12 20.800l-7.6-4.400V7.600zM12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6",
} as const;

// The first that matches.
const KINDS: readonly [RegExp, GlyphName][] = [
  [/^client$/i, "client"],
  [/RUM|Synthetic|browser/i, "browser"],
  [/Lambda|Function/i, "function"],
  [/StepFunctions|StateMachine|workflow/i, "flow"],
  [/DynamoDB|Database|RDS|SQL|Redshift|Neptune|ElastiCache|Redis|Mongo|Cache/i, "database"],
  [/S3|Bucket|storage/i, "bucket"],
  [/SQS|Kinesis|queue|Kafka/i, "queue"],
  [/SNS|Events|topic|EventBridge/i, "topic"],
  [/ApiGateway|AppSync|GraphQL|ElasticLoadBalancing/i, "gateway"],
  [/ECS|EKS|Container|AppMesh|AppRunner|Fargate|Kubernetes/i, "container"],
  [/EC2|ElasticBeanstalk|Instance/i, "compute"],
  [/^remote$|http/i, "http"],
];

export const glyphOf = (type: string | undefined): GlyphName =>
  KINDS.find(([pattern]) => type !== undefined && pattern.test(type))?.[1] ?? "generic";
