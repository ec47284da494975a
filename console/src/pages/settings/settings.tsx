/** Settings of the server, and of this browser (spec console.md 6.12). */
import type { ComponentType } from "preact";
import { Panel } from "../../components/panel/panel";
import { Tabs } from "../../components/tabs/tabs";
import { address, go } from "../../shell/navigation";
import type { SettingsSection } from "../../url/address";
import { Encryption } from "./encryption";
import { Indexing } from "./indexing";
import { Policies } from "./policies";
import { Preferences } from "./preferences";
import styles from "./settings.module.css";
import { TagsSection } from "./tags-section";

const PreferencesSection = () => (
  <Panel title="Preferences">
    <Preferences />
  </Panel>
);

const SECTIONS: { id: SettingsSection; label: string; Section: ComponentType }[] = [
  { id: "encryption", label: "Encryption", Section: Encryption },
  { id: "policies", label: "Resource policies", Section: Policies },
  { id: "indexing", label: "Indexing", Section: Indexing },
  { id: "tags", label: "Tags", Section: TagsSection },
  { id: "preferences", label: "Preferences", Section: PreferencesSection },
];

export default function Settings() {
  const { route } = address.value;
  const chosen = route.page === "settings" ? route.section : "encryption";
  const Section = SECTIONS.find(({ id }) => id === chosen)?.Section ?? Encryption;
  return (
    <div class={styles.settings}>
      <Tabs
        label="Settings"
        tabs={SECTIONS}
        chosen={chosen}
        controls="settings-section"
        onChoose={section =>
          go({ route: { page: "settings", section }, params: { view: undefined, q: undefined } })
        }
      />
      <div class={styles.section} id="settings-section" role="tabpanel" key={chosen}>
        <Section />
      </div>
    </div>
  );
}
