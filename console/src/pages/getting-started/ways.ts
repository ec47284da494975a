/**
 * How each kind of sender and reader is pointed at this server (spec console.md 6.14). What SDKs understand is in
 * sdk.md 8, the daemon's file in daemon.md 3.2; the SDKs of tests/clients are set up as here.
 */
import { type Addresses, DEFAULT_DAEMON } from "../../api/addresses";

export interface Step {
  text: string;
  /** Where the block belongs, and the block. */
  title?: string;
  code?: string;
}

export interface Way {
  id: string;
  label: string;
  steps: (at: Addresses) => Step[];
}

/** Without a value of its own every SDK sends to 127.0.0.1:2000. */
const daemonVariable = ({ daemon }: Addresses): Step => ({
  text:
    daemon === DEFAULT_DAEMON
      ? "Tell the SDK where to send. This server listens where every X-Ray SDK sends by itself, so on the same machine this may be left out."
      : "Tell the SDK where to send; UDP for traces and TCP for sampling rules have one address.",
  title: "Environment",
  code: `AWS_XRAY_DAEMON_ADDRESS=${daemon}`,
});

const credentials = (at: Addresses): Step => ({
  text: "Requests are signed, but the signature is not looked at: any credentials will do.",
  title: "Shell",
  code: [
    "export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any",
    `export AWS_DEFAULT_REGION=${at.region}`,
    `export AWS_ENDPOINT_URL_XRAY=${at.endpoint}`,
  ].join("\n"),
});

const SDKS: readonly Way[] = [
  {
    id: "python",
    label: "Python",
    steps: at => [
      { text: "Add the SDK.", title: "Shell", code: "pip install aws-xray-sdk" },
      {
        text: "Trace requests of the framework, and calls of the libraries in use.",
        title: "app.py",
        code: `from aws_xray_sdk.core import patch_all, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask

patch_all()
xray_recorder.configure(service="shop")

app = Flask(__name__)
XRayMiddleware(app, xray_recorder)`,
      },
      daemonVariable(at),
    ],
  },
  {
    id: "node",
    label: "Node.js",
    steps: at => [
      { text: "Add the SDK.", title: "Shell", code: "npm install aws-xray-sdk" },
      {
        text: "Open a segment before the routes, close it after them.",
        title: "app.js",
        code: `const xray = require("aws-xray-sdk");
xray.captureHTTPsGlobal(require("http"));
const express = require("express");

const app = express();
app.use(xray.express.openSegment("shop"));
app.get("/", (request, response) => response.send("hello"));
app.use(xray.express.closeSegment());
app.listen(3000);`,
      },
      daemonVariable(at),
    ],
  },
  {
    id: "java",
    label: "Java",
    steps: at => [
      {
        text: "Add the SDK.",
        title: "pom.xml",
        code: `<dependency>
  <groupId>com.amazonaws</groupId>
  <artifactId>aws-xray-recorder-sdk-core</artifactId>
  <version>2.21.0</version>
</dependency>`,
      },
      {
        text: "Trace requests with the servlet filter, here in Jetty.",
        title: "Shop.java",
        code: `import com.amazonaws.xray.javax.servlet.AWSXRayServletFilter;

handler.addFilter(new FilterHolder(new AWSXRayServletFilter("shop")),
    "/*", EnumSet.of(DispatcherType.REQUEST));`,
      },
      daemonVariable(at),
    ],
  },
  {
    id: "go",
    label: "Go",
    steps: at => [
      { text: "Add the SDK.", title: "Shell", code: "go get github.com/aws/aws-xray-sdk-go/v2" },
      {
        text: "Wrap the handlers.",
        title: "main.go",
        code: `import "github.com/aws/aws-xray-sdk-go/v2/xray"

http.Handle("/", xray.Handler(xray.NewFixedSegmentNamer("shop"), handler))`,
      },
      daemonVariable(at),
    ],
  },
  {
    id: "dotnet",
    label: ".NET",
    steps: at => [
      {
        text: "Add the SDK.",
        title: "Shell",
        code: "dotnet add package AWSXRayRecorder.Handlers.AspNetCore",
      },
      {
        text: "Trace requests, before all other middleware.",
        title: "Program.cs",
        code: `app.UseXRay("shop");`,
      },
      daemonVariable(at),
    ],
  },
  {
    id: "ruby",
    label: "Ruby",
    steps: at => [
      {
        text: "Add the SDK.",
        title: "Gemfile",
        code: `gem "aws-xray-sdk", require: ["aws-xray-sdk/facets/rails/railtie"]`,
      },
      {
        text: "Name the service, and what it calls.",
        title: "config/initializers/aws_xray.rb",
        code: `Rails.application.config.xray = {
  name: "shop",
  patch: %I[net_http aws_sdk],
  active_record: true
}`,
      },
      daemonVariable(at),
    ],
  },
];

const openTelemetry: Way = {
  id: "opentelemetry",
  label: "OpenTelemetry",
  steps: at => [...otlpSteps(at), collectorStep(at)],
};

function otlpSteps({ otlpGrpc, otlpHttp }: Addresses): Step[] {
  if (!otlpGrpc && !otlpHttp) {
    return [{ text: "OTLP is not switched on in this server. Until it is, spans come through a collector:" }];
  }
  const endpoint = otlpHttp
    ? `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nOTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttp}`
    : `OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nOTEL_EXPORTER_OTLP_ENDPOINT=${otlpGrpc}`;
  const other = otlpHttp && otlpGrpc ? ` gRPC is taken too, at ${otlpGrpc}.` : "";
  return [
    {
      text: `Every OpenTelemetry SDK and agent understands these variables.${other}`,
      title: "Environment",
      code: `OTEL_SERVICE_NAME=shop\nOTEL_TRACES_EXPORTER=otlp\n${endpoint}`,
    },
  ];
}

const collectorStep = (at: Addresses): Step => ({
  text: "An OpenTelemetry collector with its awsxray exporter sends X-Ray documents to this server. It signs them; any credentials will do.",
  title: "Collector, config.yaml",
  code: `receivers:
  otlp:
    protocols:
      grpc:
      http:

exporters:
  awsxray:
    endpoint: ${at.endpoint}
    region: ${at.region}
    local_mode: true

service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [awsxray]`,
});

const daemon: Way = {
  id: "daemon",
  label: "X-Ray daemon",
  steps: at => [
    {
      text: `This server takes what SDKs send to a daemon at ${at.daemon} itself: none is needed on its machine. On others, a daemon that is already there hands on what it gets.`,
      title: "cfg.yaml",
      code: `Version: 2
Endpoint: "${at.endpoint}"
Region: "${at.region}"
LocalMode: true`,
    },
    {
      text: "It signs what it sends. The signature is not looked at, so any credentials will do.",
      title: "Shell",
      code: "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any xray -c cfg.yaml",
    },
    { text: "Daemons that report are on the page Daemons, with what they lost on the way." },
  ],
};

const lambda: Way = {
  id: "lambda",
  label: "Lambda",
  steps: at => [
    {
      text: "A function outside AWS, in an emulator or another runtime, sends its subsegments to the daemon port one by one. Powertools for Python needs only the runtime's own variables.",
      title: "handler.py",
      code: `from aws_lambda_powertools import Tracer

tracer = Tracer(service="shop")

@tracer.capture_lambda_handler
def handler(event, context):
    return "done"`,
    },
    {
      text: "The runtime sets the last one anew for every invocation.",
      title: "Environment",
      code: `LAMBDA_TASK_ROOT=/var/task
AWS_XRAY_DAEMON_ADDRESS=${at.daemon}
_X_AMZN_TRACE_ID=Root=1-…;Parent=…;Sampled=1`,
    },
    {
      text: "Within AWS the Lambda service sends the function's own segment to AWS only. What the function sends here is shown below a parent that has not arrived.",
    },
  ],
};

const cli: Way = {
  id: "cli",
  label: "AWS CLI, boto3",
  steps: at => [
    credentials(at),
    {
      text: "Traces are read back by every AWS tool.",
      title: "Shell",
      code: `aws xray get-trace-summaries \\
    --start-time $(( $(date +%s) - 900 )) --end-time $(date +%s) \\
    --filter-expression 'fault = true'`,
    },
    {
      text: "In a program the endpoint may be given in the code as well.",
      title: "Python",
      code: `import boto3

xray = boto3.client("xray", endpoint_url="${at.endpoint}", region_name="${at.region}")`,
    },
    {
      text: "Without any SDK: a segment document, as it is.",
      title: "Shell",
      code: `now=$(date +%s)
trace_id=$(printf '1-%08x-%024x' $now $$)
curl --silent --show-error ${at.endpoint}/TraceSegments --data @- <<END
{"TraceSegmentDocuments": ["{\\"name\\": \\"hello\\", \\"id\\": \\"70de5b6f19ff9a0a\\",
  \\"trace_id\\": \\"$trace_id\\", \\"start_time\\": $now.1, \\"end_time\\": $now.4}"]}
END`,
    },
  ],
};

const grafana: Way = {
  id: "grafana",
  label: "Grafana",
  steps: at => [
    {
      text: "Add Grafana's own plug-in for X-Ray.",
      title: "Shell",
      code: "grafana cli plugins install grafana-x-ray-datasource",
    },
    {
      text: "Point a data source of its kind here. Any keys will do.",
      title: "provisioning/datasources/roentgen.yaml",
      code: `apiVersion: 1
datasources:
  - name: Roentgen
    type: grafana-x-ray-datasource
    jsonData:
      authType: keys
      defaultRegion: ${at.region}
      endpoint: ${at.endpoint}
    secureJsonData:
      accessKey: any
      secretKey: any`,
    },
  ],
};

export const WAYS: readonly Way[] = [...SDKS, openTelemetry, daemon, lambda, cli, grafana];
