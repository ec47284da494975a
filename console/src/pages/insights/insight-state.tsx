import { visible } from "../../model/format";
import styles from "./insights.module.css";

/** Whether an insight is active: shape, word and colour. */
export function InsightState({ state }: { state: string }) {
  const isActive = state === "ACTIVE";
  return (
    <span class={isActive ? styles.active : styles.closed}>
      <span aria-hidden="true">{isActive ? "●" : "○"}</span>{" "}
      {isActive ? "Active" : state === "CLOSED" ? "Closed" : visible(state, 20)}
    </span>
  );
}
