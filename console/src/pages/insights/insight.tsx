import { Panel } from "../../components/panel/panel";

export default function Insight() {
  return <Panel title="Insight" state={{ kind: "empty", title: "This page is being built" }} />;
}
