import "./styles/tokens.css";
import "./styles/base.css";
import { render } from "preact";
import { listenForKeys } from "./shell/keys";
import { followPreferences } from "./shell/preferences";
import { followTraces } from "./shell/recent-traces";
import { Shell } from "./shell/shell";

followPreferences();
followTraces();
listenForKeys(document);
const root = document.getElementById("app");
if (root) render(<Shell />, root);
