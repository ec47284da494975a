/**
 * A filter expression to write (spec console.md 6.2): highlighted text under a plain text area, completion, matching
 * brackets, errors under the text, history, and the clauses as chips. Use it wherever an expression is asked for.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { removeClause } from "../../model/filter/clauses";
import type { FilterError } from "../../model/filter/lexer";
import { filterErrorOf } from "../../model/filter/parse";
import type { Expected, Suggestion } from "../../model/filter/suggest";
import { Button } from "../button/button";
import { Icon } from "../icon/icon";
import { Chips } from "./chips";
import { ErrorLine, Readings } from "./error-line";
import styles from "./filter-editor.module.css";
import { historyOf, remember } from "./history";
import { Layer } from "./layer";
import { Suggestions } from "./suggestions";
import { type CompletionScope, useSuggestions } from "./use-suggestions";

export interface FilterEditorProps {
  /** The expression that holds now. */
  value: string;
  /** Enter, the button, a chip taken away. Never called with what is known to be no expression. */
  onRun: (text: string) => void;
  /** While it is being written, whether it is an expression or not. */
  onDraft?: (text: string, error: FilterError | undefined) => void;
  /** What the server said of `value`; offsets as in the text. */
  error?: { message: string; from: number; to: number; suggestion?: string | undefined } | undefined;
  /** Where values for completion are looked for. */
  scope: CompletionScope;
  label?: string;
  placeholder?: string;
  /** Word on the button; none: no button, and the caller runs it with a form of its own. */
  action?: string;
  hasChips?: boolean;
  /** For `/`. */
  fieldId?: string;
}

export function FilterEditor(props: FilterEditorProps) {
  const { value, onRun, label = "Filter", action = "Search", hasChips = true } = props;
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState(value.length);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<number>();
  const [wasRefused, setRefused] = useState(false);
  const [hasFocus, setFocus] = useState(false);
  const [past, setPast] = useState<number>();
  const field = useRef<HTMLTextAreaElement>(null);
  const nextCaret = useRef<number | undefined>(undefined);
  const id = useId();
  const { expected, suggestions } = useSuggestions(text, caret, isOpen, props.scope);
  const own = text.trim() === "" ? undefined : filterErrorOf(text);
  const servers = text === value ? props.error : undefined;
  // While somebody writes, what is missing at the end, or still open, is no error yet.
  const isAtEnd = own !== undefined && (own.to >= text.trimEnd().length || /never closed/.test(own.reason));
  const isUnfinished = isAtEnd && hasFocus && !wasRefused;
  const wrong = isUnfinished ? undefined : (own ?? servers);
  const message = wasRefused && own ? own.reason : servers?.message;

  // An address that changed from elsewhere: a facet, a chart, the history of the browser.
  useEffect(() => {
    setText(value);
    setRefused(false);
    setOpen(false);
  }, [value]);
  useLayoutEffect(() => {
    if (nextCaret.current === undefined) return;
    field.current?.setSelectionRange(nextCaret.current, nextCaret.current);
    nextCaret.current = undefined;
  });

  const write = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setChosen(undefined);
    setRefused(false);
    nextCaret.current = at;
    props.onDraft?.(next, next.trim() === "" ? undefined : filterErrorOf(next));
  };
  const run = (next: string) => {
    setOpen(false);
    setPast(undefined);
    const wanted = next.trim();
    if (wanted !== "" && filterErrorOf(wanted)) {
      setRefused(true);
      return;
    }
    remember(wanted);
    setText(wanted);
    onRun(wanted);
  };
  const accept = (suggestion: Suggestion, at: Expected) => {
    const next = text.slice(0, at.from) + suggestion.insert + text.slice(at.to).replace(/^ (?=.)/, "");
    write(next, at.from + suggestion.insert.length);
    field.current?.focus();
    setOpen(true);
  };
  const recall = (step: number) => {
    const kept = historyOf();
    const at = (past ?? -1) + step;
    const next = at < 0 ? value : kept[at];
    if (next === undefined) return false;
    setPast(at < 0 ? undefined : at);
    write(next, next.length);
    setOpen(false);
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const taken = onKey(event, {
      isOpen: isOpen && suggestions.length > 0,
      count: suggestions.length,
      chosen,
      isFirstLine: !text.slice(0, caret).includes("\n"),
      choose: setChosen,
      accept: at => {
        const suggestion = suggestions[at];
        if (suggestion) accept(suggestion, expected);
      },
      run: () => run(text),
      close: () => setOpen(false),
      open: () => setOpen(true),
      recall,
      leave: () => field.current?.blur(),
    });
    if (taken) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const readCaret = () => setCaret(field.current?.selectionStart ?? 0);
  const isShown = isOpen && suggestions.length > 0;
  return (
    <search class={styles.editor}>
      <div class={`${styles.bar} ${wrong ? styles.wrong : ""}`}>
        <span class={styles.glyph} aria-hidden="true">
          <Icon name="search" />
        </span>
        <div class={styles.text}>
          <Layer
            text={text}
            caret={hasFocus ? caret : undefined}
            wrong={wrong}
            anchor={isShown ? expected.from : undefined}
          >
            {isShown && (
              <Suggestions
                id={id}
                suggestions={suggestions}
                prefix={expected.prefix}
                chosen={chosen}
                onChoose={suggestion => accept(suggestion, expected)}
              />
            )}
          </Layer>
          <textarea
            ref={field}
            id={props.fieldId}
            class={styles.field}
            rows={1}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            aria-label={label}
            aria-autocomplete="list"
            aria-haspopup="listbox"
            aria-controls={isShown ? id : undefined}
            aria-activedescendant={isShown && chosen !== undefined ? `${id}-${chosen}` : undefined}
            aria-invalid={wrong !== undefined}
            aria-describedby={message ? `${id}-error` : undefined}
            placeholder={props.placeholder ?? 'Filter: fault AND service("checkout") …'}
            value={text}
            onInput={event => {
              const { value: next, selectionStart } = event.currentTarget;
              write(next, selectionStart);
              setPast(undefined);
              setOpen(true);
            }}
            onKeyDown={onKeyDown}
            onKeyUp={readCaret}
            onClick={readCaret}
            onSelect={readCaret}
            onFocus={() => setFocus(true)}
            onBlur={() => {
              setFocus(false);
              setOpen(false);
            }}
          />
        </div>
        {text !== "" && (
          <Button look="quiet" aria-label="Clear the filter" title="Clear" onClick={() => run("")}>
            <Icon name="close" size={14} />
          </Button>
        )}
        {action && (
          <Button look="primary" class={styles.run} onClick={() => run(text)}>
            {action}
          </Button>
        )}
      </div>
      {message && wrong && (
        <ErrorLine
          id={`${id}-error`}
          message={message}
          suggestion={wrong.suggestion}
          onUse={word => {
            const next = text.slice(0, wrong.from) + word + text.slice(wrong.to);
            write(next, wrong.from + word.length);
            field.current?.focus();
          }}
        />
      )}
      {wasRefused && <Readings text={text} scope={props.scope} onUse={run} />}
      {hasChips && text === value && (
        <Chips
          value={value}
          onRemove={at => run(removeClause(value, at))}
          onEdit={(from, to) => {
            field.current?.focus();
            field.current?.setSelectionRange(from, to);
          }}
        />
      )}
    </search>
  );
}

interface KeyContext {
  isOpen: boolean;
  count: number;
  chosen: number | undefined;
  isFirstLine: boolean;
  choose: (at: number | undefined) => void;
  accept: (at: number) => void;
  run: () => void;
  close: () => void;
  open: () => void;
  recall: (step: number) => boolean;
  leave: () => void;
}

/** True: the key was ours. */
function onKey(event: KeyboardEvent, context: KeyContext): boolean {
  const { isOpen, count, chosen } = context;
  switch (event.key) {
    case "Enter":
      if (event.shiftKey) return false;
      if (isOpen && chosen !== undefined) context.accept(chosen);
      else context.run();
      return true;
    case "Tab":
      if (!isOpen || event.shiftKey) return false;
      context.accept(chosen ?? 0);
      return true;
    case "ArrowDown":
    case "ArrowUp": {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (isOpen) {
        const before = chosen ?? (step > 0 ? -1 : count);
        context.choose((before + step + count) % count);
        return true;
      }
      if (step < 0 && context.isFirstLine) return context.recall(1);
      return step > 0 && context.recall(-1);
    }
    case "Escape":
      if (isOpen) context.close();
      else context.leave();
      return true;
    case " ":
      if (!event.ctrlKey) return false;
      context.open();
      return true;
    default:
      return false;
  }
}
