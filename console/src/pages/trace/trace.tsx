import { Panel } from "../../components/panel/panel";

export default function Trace() {
  return <Panel title="Trace" state={{ kind: "empty", title: "This page is being built" }} />;
}
