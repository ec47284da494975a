import { Panel } from "../../components/panel/panel";

export default function Sampling() {
  return <Panel title="Sampling" state={{ kind: "empty", title: "This page is being built" }} />;
}
