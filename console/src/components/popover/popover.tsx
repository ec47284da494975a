/** A button and what it opens beside itself: in the top layer, closed by `Esc`, by a press elsewhere, or by leaving. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, type ButtonProps } from "../button/button";
import styles from "./popover.module.css";

export interface PopoverProps {
  /** What the button shows. */
  button: ComponentChildren;
  /** The button's accessible name, where its content is not one. */
  label?: string;
  title?: string;
  look?: ButtonProps["look"];
  class?: string | undefined;
  disabled?: boolean;
  /** Which edge of the panel is at the button's. */
  align?: "start" | "end";
  /** What opens: a small dialog unless the content has a role of its own. */
  role?: "dialog" | "menu" | "none";
  /** Name of what opens; the button's label unless given. */
  panelLabel?: string;
  /** Given together, the caller holds the state. */
  isOpen?: boolean;
  onToggle?: (isOpen: boolean) => void;
  /** Drawn while open only. The element marked `data-autofocus`, or the first that can, gets the focus. */
  children: (close: () => void) => ComponentChildren;
}

export function Popover(props: PopoverProps) {
  const { align = "start", role = "dialog" } = props;
  const [own, setOwn] = useState(false);
  const isOpen = props.isOpen ?? own;
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const toggle = (next: boolean) => {
    setOwn(next);
    props.onToggle?.(next);
  };
  const close = () => {
    const hadFocus = panel.current?.contains(document.activeElement) ?? false;
    toggle(false);
    if (hadFocus) anchor.current?.querySelector("button")?.focus();
  };

  useLayoutEffect(() => {
    const [shown, beside] = [panel.current, anchor.current];
    if (!isOpen || !shown || !beside) return;
    shown.showPopover?.();
    place(shown, beside, align);
    (shown.querySelector<HTMLElement>("[data-autofocus]") ?? firstFocusable(shown) ?? shown).focus();
  }, [isOpen]);

  useEffect(() => {
    if (!isOpen) return undefined;
    const onPress = (event: Event) => {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !anchor.current?.contains(target)) toggle(false);
    };
    const onResize = () => {
      if (panel.current && anchor.current) place(panel.current, anchor.current, align);
    };
    document.addEventListener("pointerdown", onPress);
    addEventListener("resize", onResize);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      removeEventListener("resize", onResize);
    };
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const onFocusOut = (event: FocusEvent) => {
    const next = event.relatedTarget as Node | null;
    if (next && !panel.current?.contains(next) && !anchor.current?.contains(next)) toggle(false);
  };
  return (
    <>
      <span ref={anchor} class={styles.anchor}>
        <Button
          look={props.look ?? "normal"}
          class={props.class}
          disabled={props.disabled ?? false}
          aria-label={props.label}
          title={props.title}
          aria-haspopup={role === "none" ? "dialog" : role}
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => (isOpen ? close() : toggle(true))}
        >
          {props.button}
        </Button>
      </span>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a group of controls that closes as one
        <div
          ref={panel}
          id={id}
          popover="manual"
          class={styles.panel}
          {...(role === "dialog"
            ? { role, "aria-label": props.panelLabel ?? props.label }
            : { role: "presentation" as const })}
          tabIndex={-1}
          onKeyDown={onKeyDown}
          onFocusOut={onFocusOut}
        >
          {props.children(close)}
        </div>
      )}
    </>
  );
}

/** Space between the panel and the edges of the window, and the button. */
const MARGIN = 8;
const GAP = 4;

function place(panel: HTMLElement, anchor: HTMLElement, align: "start" | "end"): void {
  const button = anchor.firstElementChild ?? anchor;
  const at = button.getBoundingClientRect();
  panel.style.maxHeight = "";
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = align === "end" ? at.right - width : at.left;
  const below = innerHeight - at.bottom - GAP - MARGIN;
  const above = at.top - GAP - MARGIN;
  const isBelow = height <= below || below >= above;
  panel.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  panel.style.top = `${isBelow ? at.bottom + GAP : Math.max(MARGIN, at.top - GAP - height)}px`;
  panel.style.maxHeight = `${Math.max(120, isBelow ? below : above)}px`;
}

const firstFocusable = (inside: HTMLElement): HTMLElement | null =>
  inside.querySelector(
    "a[href], button:not(:disabled), input:not(:disabled), select, textarea, [tabindex='0']",
  );
