import { Panel } from "../../components/panel/panel";

export default function Insights() {
  return <Panel title="Insights" state={{ kind: "empty", title: "This page is being built" }} />;
}
