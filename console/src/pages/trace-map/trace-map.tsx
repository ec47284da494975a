import { Panel } from "../../components/panel/panel";

export default function TraceMap() {
  return <Panel title="TraceMap" state={{ kind: "empty", title: "This page is being built" }} />;
}
