/** A modal window: the browser's own, so focus stays inside and goes back to where it was. Draw it to open it. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../button/button";
import { Icon } from "../icon/icon";
import styles from "./dialog.module.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** Buttons at the end. */
  actions?: ComponentChildren;
  width?: "normal" | "wide";
  /** `bare`: no title line and no padding; the title is still its accessible name. */
  look?: "normal" | "bare";
  /** For a confirmation: announced at once. */
  role?: "alertdialog";
  children: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  const { title, onClose, width = "normal", look = "normal" } = props;
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!dialog) return undefined;
    const before = document.activeElement;
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
    dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      dialog.close?.();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys in here are not keys of the page behind.
    event.stopPropagation();
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };
  const isBare = look === "bare";
  return (
    <dialog
      ref={element}
      class={`${styles.dialog} ${width === "wide" ? styles.wide : ""} ${isBare ? styles.top : ""}`}
      role={props.role}
      aria-labelledby={isBare ? undefined : id}
      aria-label={isBare ? title : undefined}
      onKeyDown={onKeyDown}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onClick={event => {
        if (event.target === element.current) onClose();
      }}
    >
      {!isBare && (
        <header class={styles.header}>
          <h2 id={id}>{title}</h2>
          <Button look="quiet" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </Button>
        </header>
      )}
      <div class={`${styles.body} ${isBare ? styles.bare : ""}`}>{props.children}</div>
      {props.actions && <footer class={styles.actions}>{props.actions}</footer>}
    </dialog>
  );
}
