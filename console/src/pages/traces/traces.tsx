import { Panel } from "../../components/panel/panel";

export default function Traces() {
  return <Panel title="Traces" state={{ kind: "empty", title: "This page is being built" }} />;
}
