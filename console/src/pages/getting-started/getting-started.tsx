/** First steps (spec console.md 6.14): a trace at once, the demo, and how anything is pointed at this server. */
import { useId, useState } from "preact/hooks";
import { type Addresses, addressesOf } from "../../api/addresses";
import { ApiError, downloadUrl } from "../../api/client";
import { getServer } from "../../api/server";
import { Button } from "../../components/button/button";
import { CodeBlock } from "../../components/code-block/code-block";
import { Panel, stateOf } from "../../components/panel/panel";
import { Tabs } from "../../components/tabs/tabs";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { address, adjust, go, hrefOf } from "../../shell/navigation";
import styles from "./getting-started.module.css";
import { sendSample } from "./sample";
import { Waiting } from "./waiting";
import { WAYS } from "./ways";

export default function GettingStarted() {
  const server = useQuery("server", signal => getServer({ signal }));
  // Another X-Ray-compatible server does not know this question; what is common to all is shown then.
  const isForeign = server.error instanceof ApiError && !server.error.isOffline;
  const state = isForeign ? ({ kind: "ready" } as const) : stateOf(server);
  const at = addressesOf(server.value, downloadUrl(""));
  return (
    <Panel state={state}>
      <div class={styles.page}>
        <header class={styles.intro}>
          <h2 class={styles.title}>
            {server.value?.storage.hasTraces ? "Connect your applications" : "Send your first trace"}
          </h2>
          <p class={styles.lead}>
            Applications with an X-Ray SDK need one variable and no change. This server
            {server.value && ` (version ${server.value.version})`} takes traces at{" "}
            <code>{visible(at.daemon)}</code> and answers at <code>{visible(at.endpoint)}</code>.
          </p>
          <Waiting hasTraces={server.value?.storage.hasTraces ?? false} />
        </header>
        <div class={styles.quick}>
          <Sample />
          <Demo isRunning={server.value?.features.demo ?? false} />
        </div>
        <Ways at={at} />
      </div>
    </Panel>
  );
}

function Sample() {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const send = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      const id = await sendSample();
      go({ route: { page: "trace", id, view: "timeline" } });
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
      setBusy(false);
    }
  };
  return (
    <section class={styles.card}>
      <h3>Look at a sample trace</h3>
      <p>A small request goes the way of any other, and is opened once it is stored.</p>
      <Button look="primary" disabled={isBusy} onClick={send}>
        Send a sample trace
      </Button>
      {failure && (
        <p class={styles.failure} role="alert">
          {visible(failure, 400)}
        </p>
      )}
    </section>
  );
}

function Demo({ isRunning }: { isRunning: boolean }) {
  return (
    <section class={styles.card}>
      <h3>Look around in a living shop</h3>
      {isRunning ? (
        <>
          <p>This server runs the demo: a dozen services, with faults and slow minutes that come and go.</p>
          <a href={hrefOf({ route: { page: "service-map" } })}>Open its trace map</a>
        </>
      ) : (
        <>
          <p>A server of its own with a sample shop of a dozen services, on ports beside this one's:</p>
          <CodeBlock
            title="Shell"
            text={
              "roentgen demo --http 127.0.0.1:2011 \\\n  --daemon 127.0.0.1:2010 --data-dir ./roentgen-demo"
            }
          />
        </>
      )}
    </section>
  );
}

function Ways({ at }: { at: Addresses }) {
  const id = useId();
  const chosen = WAYS.find(way => way.id === address.value.params.tab) ?? WAYS[0];
  if (!chosen) return null;
  return (
    <section class={styles.ways} aria-label="Ways to connect">
      <Tabs
        label="Ways to connect"
        tabs={WAYS}
        chosen={chosen.id}
        controls={id}
        onChoose={tab => adjust({ params: { tab } })}
      />
      <div class={styles.steps} id={id} role="tabpanel" aria-label={chosen.label}>
        <ol>
          {chosen.steps(at).map(step => (
            <li key={step.text} class={styles.step}>
              <p>{step.text}</p>
              {step.code && <CodeBlock text={step.code} title={step.title ?? ""} />}
            </li>
          ))}
        </ol>
        {at.isLoopback && (
          <p class={styles.note}>
            The server listens on this machine only. To listen elsewhere, start it with <code>--http</code>,{" "}
            <code>--daemon</code> and <code>--auth off</code>: whoever reaches it may then read and write
            everything.
          </p>
        )}
      </div>
    </section>
  );
}
