import type { ButtonHTMLAttributes } from "preact";
import styles from "./button.module.css";

export interface ButtonProps extends ButtonHTMLAttributes {
  /** `primary`: the one thing to do here. `quiet`: in rows and bars. `danger`: takes something away. */
  look?: "primary" | "normal" | "quiet" | "danger";
}

export function Button({ look = "normal", class: more, ...rest }: ButtonProps) {
  return <button type="button" {...rest} class={`${styles.button} ${styles[look]} ${more ?? ""}`} />;
}
