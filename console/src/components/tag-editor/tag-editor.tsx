/** Tags of a group or a sampling rule: a line per tag. */
import type { Tag } from "../../api/tags";
import { visible } from "../../model/format";
import { TAGS_MAX } from "../../model/tags";
import { Button } from "../button/button";
import { Icon } from "../icon/icon";
import styles from "./tag-editor.module.css";

/** Key and value, by other names for what is no tag (attributes of a rule). */
export function TagEditor(props: {
  label: string;
  tags: readonly Tag[];
  onTags: (tags: Tag[]) => void;
  /** What is wrong with them. */
  error?: string | undefined;
  /** What one is called: "tag". */
  word?: string;
  max?: number;
  valuePlaceholder?: string;
  /** The label is not shown: a heading says it. */
  isLabelHidden?: boolean;
}) {
  const { tags, onTags, word = "tag", max = TAGS_MAX } = props;
  const change = (at: number, part: Partial<Tag>) =>
    onTags(tags.map((tag, index) => (index === at ? { ...tag, ...part } : tag)));
  return (
    <fieldset class={styles.tags}>
      <legend class={props.isLabelHidden ? "visually-hidden" : styles.label}>{props.label}</legend>
      {tags.map((tag, index) => (
        <div class={styles.line} key={index}>
          <input
            aria-label={`Key of ${word} ${index + 1}`}
            placeholder="key"
            value={tag.Key}
            spellcheck={false}
            autocomplete="off"
            onInput={event => change(index, { Key: event.currentTarget.value })}
          />
          <input
            aria-label={`Value of ${word} ${index + 1}`}
            placeholder={props.valuePlaceholder ?? "value"}
            value={tag.Value}
            spellcheck={false}
            autocomplete="off"
            onInput={event => change(index, { Value: event.currentTarget.value })}
          />
          <Button
            look="quiet"
            aria-label={`Remove ${word} ${tag.Key || index + 1}`}
            onClick={() => onTags(tags.filter((_, other) => other !== index))}
          >
            <Icon name="close" size={14} />
          </Button>
        </div>
      ))}
      {props.error && (
        <p class={styles.error} role="status">
          {props.error}
        </p>
      )}
      <div>
        <Button disabled={tags.length >= max} onClick={() => onTags([...tags, { Key: "", Value: "" }])}>
          Add {word}
        </Button>
      </div>
    </fieldset>
  );
}

/** Tags as they stand in a table. */
export function Tags({ tags }: { tags: readonly Tag[] }) {
  return (
    <ul class={styles.list}>
      {tags.map(({ Key, Value }) => (
        <li key={Key} class={styles.tag}>
          <span class={styles.key}>{visible(Key, 140)}</span> {visible(Value, 260)}
        </li>
      ))}
    </ul>
  );
}
