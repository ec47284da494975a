/**
 * A list of any length of which only the rows in sight are in the document (spec console.md 1.1, 9, 10).
 * All rows have one height. The list has the focus, rows never do: the active one is told to assistive technology
 * by `aria-activedescendant`, so a row may leave the document without the focus getting lost.
 */
import { Component, type ComponentChildren, type HTMLAttributes, type RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Preferences, preferences } from "../../shell/preferences";
import { type ListMove, moveInList, spanOf } from "./span";
import styles from "./virtual-list.module.css";

export interface VirtualListProps<T> {
  items: readonly T[];
  /** What the list is, for assistive technology. */
  label: string;
  /** `grid`: rows hold cells (`role="gridcell"`); `treegrid`: they also have levels; `listbox`: rows are options. */
  role?: "grid" | "treegrid" | "listbox";
  keyOf: (item: T, index: number) => string | number;
  /** The content of a row. */
  row: (item: T, index: number, isActive: boolean) => ComponentChildren;
  /** Attributes of the row's element: `aria-level`, `aria-selected`, `class`, `data-…`. */
  rowAttributes?: (item: T, index: number) => HTMLAttributes<HTMLDivElement>;
  /** Index of the active row; it is scrolled into sight whenever it changes. */
  active?: number | undefined;
  /** Asked for by arrows, Home, End, Page Up, Page Down, and by a click. */
  onActive?: (index: number) => void;
  /** Enter on the active row, or a double click. */
  onOpen?: (item: T, index: number) => void;
  /** One click opens as well, unless it was on a control of the row. */
  opensOnClick?: boolean;
  /** Keys the list does not know; after it looked. */
  onKeyDown?: (event: KeyboardEvent) => void;
  /** Stays on top while the rows scroll, and scrolls sideways with them: a row of column titles. */
  header?: ComponentChildren;
  /** Below the last row. */
  footer?: ComponentChildren;
  /** Called when the end comes near; more than once, so guard it. */
  onNearEnd?: () => void;
  /** Columns, for `aria-colcount`. */
  columns?: number;
  /** Pixels; the rows' height of the chosen density otherwise. */
  rowHeight?: number;
  /** Least width of the rows in pixels; the list scrolls sideways below it. */
  minWidth?: number;
  /** The scrolling element, for those who draw beside it. */
  scroller?: RefObject<HTMLDivElement | null>;
  /** Told after the scroll position changed, once per frame. */
  onScroll?: (top: number) => void;
}

/** As `--row` in tokens.css. */
const ROW_HEIGHT: Record<Preferences["density"], number> = { normal: 24, compact: 18 };
/** Rows in the document beyond the visible ones, on each side. */
const OVERSCAN = 8;
/** Rows from the end at which more is asked for. */
const NEAR_END = 40;

export const rowHeight = (): number => ROW_HEIGHT[preferences.value.density];

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, active, role = "grid" } = props;
  const height = props.rowHeight ?? rowHeight();
  const own = useRef<HTMLDivElement>(null);
  const scroller = props.scroller ?? own;
  const header = useRef<HTMLDivElement>(null);
  const id = useId();
  const view = useView(scroller, props.onScroll);
  const [first, last] = spanOf(view.top, view.height, height, items.length, OVERSCAN);
  useActiveInSight(scroller, header, active, height);
  useEffect(() => {
    if (last >= items.length - NEAR_END) props.onNearEnd?.();
  }, [last, items.length]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = active === undefined ? undefined : items[active];
    if (event.key === "Enter" && item !== undefined && active !== undefined && props.onOpen) {
      props.onOpen(item, active);
      event.preventDefault();
      return;
    }
    const page = Math.max(1, Math.floor(view.height / height) - 1);
    const next = props.onActive && moveInList(event.key as ListMove, active, items.length, page);
    if (next === undefined) return props.onKeyDown?.(event);
    event.preventDefault();
    props.onActive?.(next);
  };

  const rows = [];
  for (let index = first; index < last; index++) {
    const item = items[index] as T;
    rows.push(
      <Row
        key={props.keyOf(item, index)}
        item={item}
        index={index}
        isActive={index === active}
        id={`${id}-${index}`}
        height={height}
        row={props.row}
        attributes={props.rowAttributes}
        size={role === "listbox" ? items.length : undefined}
        firstIndex={props.header ? 2 : 1}
      />,
    );
  }
  const isActiveShown = active !== undefined && active >= first && active < last;
  const width = props.minWidth === undefined ? {} : { minWidth: `${props.minWidth}px` };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the role is one of three
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: as above
    <div
      ref={scroller}
      class={styles.list}
      role={role}
      aria-label={props.label}
      {...(role === "listbox"
        ? {}
        : { "aria-rowcount": items.length + (props.header ? 1 : 0), "aria-colcount": props.columns })}
      aria-activedescendant={isActiveShown ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={event => {
        const index = indexOf(event);
        if (index === undefined) return;
        props.onActive?.(index);
        const item = items[index];
        if (props.opensOnClick && item !== undefined && !isControl(event)) props.onOpen?.(item, index);
      }}
      onDblClick={event => {
        const index = indexOf(event);
        const item = index === undefined ? undefined : items[index];
        if (props.opensOnClick) return;
        if (index !== undefined && item !== undefined) props.onOpen?.(item, index);
      }}
    >
      {props.header && (
        <div ref={header} class={styles.header} style={width}>
          {props.header}
        </div>
      )}
      <div class={styles.rows} role="presentation" style={{ ...width, height: `${items.length * height}px` }}>
        {rows}
      </div>
      {props.footer}
    </div>
  );
}

interface RowProps<T> extends Pick<VirtualListProps<T>, "row"> {
  item: T;
  index: number;
  isActive: boolean;
  id: string;
  height: number;
  attributes: VirtualListProps<T>["rowAttributes"];
  /** Of a listbox: how many options there are. */
  size: number | undefined;
  /** The row index of the first one. */
  firstIndex: number;
}

/** While one scrolls nothing of a row changes: only those that come into sight are drawn. */
class Row<T> extends Component<RowProps<T>> {
  override shouldComponentUpdate(next: RowProps<T>) {
    return Object.keys(next).some(
      key => next[key as keyof RowProps<T>] !== this.props[key as keyof RowProps<T>],
    );
  }

  override render() {
    const { item, index, isActive, height, size, firstIndex } = this.props;
    const { class: more, style, ...attributes } = this.props.attributes?.(item, index) ?? {};
    const place =
      size === undefined
        ? { role: "row" as const, "aria-rowindex": index + firstIndex }
        : { role: "option" as const, "aria-posinset": index + 1, "aria-setsize": size };
    return (
      <div
        {...attributes}
        {...place}
        id={this.props.id}
        class={`${styles.row} ${isActive ? styles.active : ""} ${more ?? ""}`}
        style={{
          ...(typeof style === "object" ? style : {}),
          height: `${height}px`,
          transform: `translateY(${index * height}px)`,
        }}
        data-index={index}
        data-active={isActive || undefined}
      >
        {this.props.row(item, index, isActive)}
      </div>
    );
  }
}

/** A cell of a `grid` or `treegrid`. */
export function Cell(props: HTMLAttributes<HTMLSpanElement>) {
  // biome-ignore lint/a11y/useSemanticElements: windowed rows are no table
  // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which row is active
  return <span {...props} role="gridcell" />;
}

function indexOf(event: Event): number | undefined {
  const row = (event.target as Element).closest<HTMLElement>("[data-index]");
  return row ? Number(row.dataset.index) : undefined;
}

/** The row of titles of a `grid` or `treegrid`, for `header`. */
export function HeaderRow(props: HTMLAttributes<HTMLDivElement>) {
  // biome-ignore lint/a11y/useSemanticElements: windowed rows are no table
  return <div {...props} role="row" aria-rowindex={1} tabIndex={-1} />;
}

export function HeaderCell(props: HTMLAttributes<HTMLSpanElement>) {
  // biome-ignore lint/a11y/useSemanticElements: as above
  return <span {...props} role="columnheader" tabIndex={-1} />;
}

const isControl = (event: Event): boolean =>
  (event.target as Element).closest("button, a, input, label, select") !== null;

/** What is in sight, read once per frame. */
function useView(scroller: RefObject<HTMLDivElement | null>, onScroll: ((top: number) => void) | undefined) {
  // Until the size is known there is a screenful: the first paint has rows.
  const [view, setView] = useState({ top: 0, height: 800 });
  const told = useRef(onScroll);
  told.current = onScroll;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    let frame = 0;
    const read = () => {
      frame = 0;
      const next = { top: element.scrollTop, height: element.clientHeight || 800 };
      setView(old => (old.top === next.top && old.height === next.height ? old : next));
      told.current?.(next.top);
    };
    const soon = () => {
      frame ||= requestAnimationFrame(read);
    };
    element.addEventListener("scroll", soon, { passive: true });
    const sizes = typeof ResizeObserver === "undefined" ? undefined : new ResizeObserver(soon);
    sizes?.observe(element);
    read();
    return () => {
      element.removeEventListener("scroll", soon);
      sizes?.disconnect();
      cancelAnimationFrame(frame);
    };
  }, []);
  return view;
}

function useActiveInSight(
  scroller: RefObject<HTMLDivElement | null>,
  header: RefObject<HTMLDivElement | null>,
  active: number | undefined,
  height: number,
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || active === undefined || active < 0) return;
    const above = header.current?.offsetHeight ?? 0;
    const top = active * height;
    const bottom = top + height + above - element.clientHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop) element.scrollTop = bottom;
  }, [active, height]);
}
