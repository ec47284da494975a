import { Panel } from "../../components/panel/panel";

export default function Settings() {
  return <Panel title="Settings" state={{ kind: "empty", title: "This page is being built" }} />;
}
