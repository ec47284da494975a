import { Panel } from "../../components/panel/panel";

export default function Groups() {
  return <Panel title="Groups" state={{ kind: "empty", title: "This page is being built" }} />;
}
