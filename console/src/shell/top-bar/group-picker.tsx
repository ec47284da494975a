import { getGroups } from "../../api/get-groups";
import { type Choice, Choices } from "../../components/choices/choices";
import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { Popover } from "../../components/popover/popover";
import { useQuery } from "../../components/use-query";
import { shorten, visible } from "../../model/format";
import { address, go } from "../navigation";
import styles from "./top-bar.module.css";

/** The group that every server has; it holds all traces. */
const ALL = "Default";

/** All traces, or those of one group. */
export function GroupPicker() {
  const groups = useQuery("groups", signal => getGroups({ signal }));
  const chosen = address.value.params.group;
  const choices = (close: () => void): Choice[] => {
    const choose = (group: string | undefined) => () => {
      close();
      go({ params: { group } });
    };
    const named = (groups.value ?? []).filter(group => group.GroupName !== ALL);
    return [
      { id: "", label: "All traces", isChosen: chosen === undefined, onChoose: choose(undefined) },
      ...named.map(({ GroupName, FilterExpression }) => ({
        id: GroupName,
        label: GroupName,
        detail: FilterExpression ?? "",
        isChosen: GroupName === chosen,
        onChoose: choose(GroupName),
      })),
    ];
  };
  const text = chosen === undefined ? "All traces" : shorten(visible(chosen), 28);
  return (
    <Popover
      label={`Group: ${text}`}
      class={styles.picker}
      button={
        <>
          <Icon name="groups" />
          <span class={styles.pickerText}>{text}</span>
          <Icon name="down" size={12} />
        </>
      }
      panelLabel="Groups"
    >
      {close => (
        <Choices
          label="Groups"
          placeholder="Find a group"
          choices={choices(close)}
          none={
            groups.error ? `Groups could not be read: ${visible(groups.error.message, 200)}` : "No such group"
          }
        />
      )}
    </Popover>
  );
}

/** Shown only where the address asks for one account of several. */
export function AccountPicker() {
  const { account } = address.value.params;
  if (account === undefined) return null;
  return (
    <Menu
      label={`Account: ${visible(account, 40)}`}
      button={
        <>
          <span>{visible(account, 40)}</span>
          <Icon name="down" size={12} />
        </>
      }
      items={[
        {
          id: "all",
          label: "All accounts",
          isChecked: false,
          onSelect: () => go({ params: { account: undefined } }),
        },
        { id: "one", label: visible(account, 40), isChecked: true },
      ]}
    />
  );
}
