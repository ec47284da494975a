/** The line above every page (spec console.md 2). */
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Popover } from "../../components/popover/popover";
import { isGoToOpen } from "../go-to/go-to";
import { isKeysDialogOpen, Keys } from "../keys-dialog";
import { hrefOf } from "../navigation";
import { NavigationList } from "../navigation-list/navigation-list";
import { RangePicker } from "../range-picker/range-picker";
import { AccountPicker, GroupPicker } from "./group-picker";
import { LookMenu } from "./look-menu";
import { RefreshControl } from "./refresh-control";
import styles from "./top-bar.module.css";

export function TopBar() {
  return (
    <header class={styles.top}>
      <div class={styles.start}>
        <span class={styles.pages}>
          <Popover look="quiet" label="Pages" panelLabel="Pages" button={<Icon name="menu" />}>
            {close => (
              <nav aria-label="Pages">
                <NavigationList onFollow={close} />
              </nav>
            )}
          </Popover>
        </span>
        <a class={styles.product} href={hrefOf({ route: { page: "home" } })}>
          <Mark />
          <span>Roentgen</span>
        </a>
      </div>
      <div class={styles.scope}>
        <GroupPicker />
        <AccountPicker />
      </div>
      <div class={styles.time}>
        <RangePicker />
        <RefreshControl />
      </div>
      <div class={styles.end}>
        <Button
          class={styles.goTo}
          aria-label="Go to"
          aria-haspopup="dialog"
          onClick={() => {
            isGoToOpen.value = true;
          }}
        >
          <Icon name="search" />
          <span class={styles.goToText}>Go to…</span>
          <span class={styles.goToKeys} aria-hidden="true">
            <Keys keys="Control+k" />
          </span>
        </Button>
        <LookMenu />
        <Button
          look="quiet"
          aria-label="Keys"
          title="Keys  ?"
          aria-haspopup="dialog"
          onClick={() => {
            isKeysDialogOpen.value = true;
          }}
        >
          <Icon name="keys" />
        </Button>
      </div>
    </header>
  );
}

/** Bars of a trace. */
function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path
        d="M6 10h14M9 16h17M14 22h8"
        stroke="var(--on-accent)"
        stroke-width="3.4"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}
