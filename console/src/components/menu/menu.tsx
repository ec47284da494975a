/** A button that opens a list of actions or choices; arrows, Home, End and first letters move in it. */
import type { ComponentChildren } from "preact";
import { Icon } from "../icon/icon";
import { Popover, type PopoverProps } from "../popover/popover";
import styles from "./menu.module.css";

export type MenuItem =
  | {
      id: string;
      label: string;
      /** In muted text at the end of the line: a key, a count. */
      detail?: ComponentChildren;
      /** Given, the item is one of several choices. */
      isChecked?: boolean;
      isDisabled?: boolean;
      look?: "danger";
      /** Where it leads; `onSelect` may be given as well. */
      href?: string;
      /** The file name of what `href` downloads. */
      download?: string;
      onSelect?: () => void;
    }
  | { id: string; heading: string }
  | { id: string; isRule: true };

export interface MenuProps
  extends Pick<PopoverProps, "button" | "title" | "look" | "class" | "align" | "disabled"> {
  /** Accessible name of the button and of the menu. */
  label: string;
  items: readonly MenuItem[];
}

export function Menu({ items, label, ...rest }: MenuProps) {
  return (
    <Popover {...rest} label={label} role="menu">
      {close => (
        <div class={styles.menu} role="menu" aria-label={label} onKeyDown={move}>
          {items.map(item => (
            <Item key={item.id} item={item} close={close} />
          ))}
        </div>
      )}
    </Popover>
  );
}

function Item({ item, close }: { item: MenuItem; close: () => void }) {
  if ("isRule" in item) return <hr class={styles.rule} />;
  if ("heading" in item) {
    return (
      <div class={styles.heading} role="presentation">
        {item.heading}
      </div>
    );
  }
  const isChoice = item.isChecked !== undefined;
  const select = () => {
    if (item.isDisabled) return;
    close();
    item.onSelect?.();
  };
  const shared = {
    class: `${styles.item} ${item.look === "danger" ? styles.danger : ""}`,
    tabIndex: -1,
    "aria-disabled": item.isDisabled,
    onClick: select,
    ...(item.isChecked ? { "data-autofocus": true } : {}),
  };
  const content = (
    <>
      {isChoice && <span class={styles.mark}>{item.isChecked && <Icon name="check" size={14} />}</span>}
      {item.label}
      {item.detail !== undefined && <span class={styles.detail}>{item.detail}</span>}
    </>
  );
  if (item.href && !item.isDisabled) {
    return (
      <a {...shared} role="menuitem" href={item.href} download={item.download}>
        {content}
      </a>
    );
  }
  return isChoice ? (
    <button {...shared} type="button" role="menuitemradio" aria-checked={item.isChecked === true}>
      {content}
    </button>
  ) : (
    <button {...shared} type="button" role="menuitem">
      {content}
    </button>
  );
}

function move(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const menu = event.currentTarget as HTMLElement;
  const items = [...menu.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = target(event.key, items, at);
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

function target(key: string, items: HTMLElement[], at: number): HTMLElement | undefined {
  if (key === "ArrowDown") return items[(at + 1) % items.length];
  if (key === "ArrowUp") return items[(at <= 0 ? items.length : at) - 1];
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const rotated = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return rotated.find(item => item.textContent?.trim().toLowerCase().startsWith(key.toLowerCase()));
}
