/** Tags of groups and sampling rules, in one place; they are changed where the resource is. */
import { getGroups } from "../../api/get-groups";
import { getSamplingRules } from "../../api/sampling-rules";
import { listTagsForResource, type Tag } from "../../api/tags";
import { CopyButton } from "../../components/copy-button/copy-button";
import { type Column, DataTable } from "../../components/data-table/data-table";
import { Panel, stateOf } from "../../components/panel/panel";
import { Tags } from "../../components/tag-editor/tag-editor";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { address, adjust, hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import styles from "./settings.module.css";

interface Resource {
  kind: "Group" | "Sampling rule";
  name: string;
  arn: string;
  tags: Tag[];
}

export function TagsSection() {
  const query = useQuery(`tags ${now.value}`, loadResources);
  return (
    <Panel title="Tags" state={stateOf(query)}>
      <p class={styles.intro}>
        Groups and sampling rules have tags: at most 50 each. Policies may name them as conditions. They are
        changed in the group or rule itself.
      </p>
      <DataTable
        label="Tags"
        rows={query.value ?? []}
        columns={COLUMNS}
        keyOf={({ arn }) => arn}
        sort={address.value.params.sort}
        onSort={sort => adjust({ params: { sort } })}
        hrefOf={({ kind, name }) =>
          hrefOf({ route: kind === "Group" ? { page: "groups", name } : { page: "sampling", rule: name } })
        }
      />
    </Panel>
  );
}

async function loadResources(signal: AbortSignal): Promise<Resource[]> {
  const [groups, rules] = await Promise.all([getGroups({ signal }), getSamplingRules({ signal })]);
  const known = [
    ...groups.map(({ GroupName, GroupARN }) => ({ kind: "Group" as const, name: GroupName, arn: GroupARN })),
    ...rules.map(({ SamplingRule: { RuleName, RuleARN } }) => ({
      kind: "Sampling rule" as const,
      name: RuleName,
      arn: RuleARN,
    })),
  ];
  return Promise.all(
    known.map(async resource => ({ ...resource, tags: await listTagsForResource(resource.arn, { signal }) })),
  );
}

const COLUMNS: Column<Resource>[] = [
  {
    id: "name",
    title: "Resource",
    isFixed: true,
    sortBy: ({ name }) => name,
    cell: ({ name }) => visible(name),
  },
  { id: "kind", title: "Kind", isFixed: true, sortBy: ({ kind }) => kind, cell: ({ kind }) => kind },
  {
    id: "tags",
    title: "Tags",
    sortBy: ({ tags }) => tags.length,
    cell: ({ tags }) => (tags.length > 0 ? <Tags tags={tags} /> : <span class={styles.muted}>none</span>),
  },
  {
    id: "arn",
    title: "ARN",
    isFixed: true,
    isWide: true,
    cell: ({ arn }) => (
      <span class={styles.arn}>
        <code title={arn}>{visible(arn, 120)}</code>
        <CopyButton text={arn} />
      </span>
    ),
  },
];
