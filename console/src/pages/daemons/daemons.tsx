import { Panel } from "../../components/panel/panel";

export default function Daemons() {
  return <Panel title="Daemons" state={{ kind: "empty", title: "This page is being built" }} />;
}
