import { useRef, useState } from "preact/hooks";
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Popover } from "../../components/popover/popover";
import { formatCount, visible } from "../../model/format";
import { healthOf } from "../../model/graph/counts";
import type { Graph } from "../../model/graph/graph";
import { namePattern } from "../../model/graph/shown";
import { useKeys } from "../../shell/keys";
import { MapSwitches } from "./map-switches";
import type { MapOptions } from "./options";
import styles from "./trace-map.module.css";

export interface MapToolbarProps {
  /** What is drawn, and all there is. */
  graph: Graph;
  all: Graph;
  options: MapOptions;
  isTable: boolean;
  onTable: () => void;
  hops: number;
  /** Absent when no node is selected. */
  onHops: ((hops: number) => void) | undefined;
  onFind: (id: string) => void;
  /** Groups are opened; closes them. */
  expanded: (() => void) | undefined;
  onReset: () => void;
  hasPins: boolean;
}

export function MapToolbar(props: MapToolbarProps) {
  const { graph, options, hops } = props;
  return (
    <div class={styles.toolbar}>
      <Find graph={graph} onFind={props.onFind} />
      <Summary {...props} />
      <span class={styles.space} />
      {props.onHops && (
        <label class={styles.field}>
          Focus
          <select value={hops} onChange={event => props.onHops?.(Number(event.currentTarget.value))}>
            <option value={0}>whole map</option>
            <option value={1}>± 1 hop</option>
            <option value={2}>± 2 hops</option>
            <option value={3}>± 3 hops</option>
          </select>
        </label>
      )}
      {props.expanded && <Button onClick={props.expanded}>Close groups</Button>}
      {props.hasPins && (
        <Button title="Forget where nodes were dragged to" onClick={props.onReset}>
          Reset layout
        </Button>
      )}
      <Popover button="View" label="What the map shows" align="end">
        {() => <MapSwitches options={options} onReset={props.onReset} />}
      </Popover>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own */}
      <div class={styles.toggle} role="group" aria-label="Map or table">
        <Button
          look="quiet"
          aria-pressed={!props.isTable}
          title="v"
          onClick={() => props.isTable && props.onTable()}
        >
          Map
        </Button>
        <Button
          look="quiet"
          aria-pressed={props.isTable}
          title="v"
          onClick={() => !props.isTable && props.onTable()}
        >
          Table
        </Button>
      </div>
    </div>
  );
}

function Summary({ graph, all, options }: MapToolbarProps) {
  const bad = [...graph.edges.values()].filter(
    edge => healthOf(edge.counts, options.thresholds) === "bad",
  ).length;
  const hidden = all.nodes.size - graph.nodes.size;
  return (
    <p class={styles.summary}>
      {formatCount(graph.nodes.size)} nodes, {formatCount(graph.edges.size)} edges
      {bad > 0 && <span class={styles.bad}> · ✕ {formatCount(bad)} failing</span>}
      {hidden > 0 && ` · ${formatCount(hidden)} nodes not shown`}
    </p>
  );
}

const FOUND_MAX = 8;

/** Finds nodes by name; Enter chooses the first, or the one that arrows have reached. */
function Find({ graph, onFind }: { graph: Graph; onFind: (id: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(false);
  useKeys("Trace map", [
    {
      keys: "/",
      does: "find a node",
      run: () => {
        input.current?.focus();
        return true;
      },
    },
  ]);
  const matches = namePattern(text);
  const found = matches
    ? [...graph.nodes.values()]
        .filter(node => matches(node.name) || node.names.some(matches))
        .sort((a, b) => b.counts.total - a.counts.total)
        .slice(0, FOUND_MAX)
    : [];
  const choose = (index: number) => {
    const node = found[index];
    if (!node) return;
    onFind(node.id);
    setOpen(false);
    input.current?.blur();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") choose(at);
    else if (event.key === "Escape") {
      setText("");
      input.current?.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class={styles.find}>
      <Icon name="search" size={14} />
      <input
        ref={input}
        type="text"
        role="combobox"
        placeholder="Find a node  /"
        aria-label="Find a node"
        aria-expanded={isOpen && found.length > 0}
        aria-controls="map-found"
        aria-activedescendant={isOpen && found[at] ? `map-found-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={event => {
          setText(event.currentTarget.value);
          setAt(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {isOpen && matches && (
        <div class={styles.found} id="map-found" role="listbox" aria-label="Nodes found">
          {found.map((node, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus and its keys
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={node.id}
              id={`map-found-${index}`}
              role="option"
              aria-selected={index === at}
              onPointerDown={event => event.preventDefault()}
              onClick={() => choose(index)}
            >
              <span>{visible(node.name, 120)}</span>
              <small>{visible(node.type ?? "", 60)}</small>
            </div>
          ))}
          {found.length === 0 && <p>No node has a name like that</p>}
        </div>
      )}
    </div>
  );
}
