import { Panel } from "../../components/panel/panel";

export default function GettingStarted() {
  return <Panel title="GettingStarted" state={{ kind: "empty", title: "This page is being built" }} />;
}
