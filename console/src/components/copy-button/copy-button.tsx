import { useState } from "preact/hooks";
import { Button } from "../button/button";

/** Copies `text`; says that it did. */
export function CopyButton({ text, label = "Copy" }: { text: string | (() => string); label?: string }) {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    const value = typeof text === "string" ? text : text();
    const done = await navigator.clipboard.writeText(value).then(
      () => "Copied",
      () => "Not copied: the browser refuses",
    );
    setSaid(done);
    setTimeout(() => setSaid(undefined), 1_500);
  };
  return (
    <Button look="quiet" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </Button>
  );
}
