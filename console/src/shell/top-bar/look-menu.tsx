import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { hrefOf } from "../navigation";
import { prefer, preferences } from "../preferences";

const THEMES = [
  { theme: "system", label: "As the system" },
  { theme: "light", label: "Light" },
  { theme: "dark", label: "Dark" },
] as const;

const DENSITIES = [
  { density: "normal", label: "Normal rows" },
  { density: "compact", label: "Compact rows" },
] as const;

/** Theme and density. */
export function LookMenu() {
  const current = preferences.value;
  return (
    <Menu
      look="quiet"
      align="end"
      label="Theme"
      title="Theme"
      button={<Icon name="theme" />}
      items={[
        { id: "theme", heading: "Theme" },
        ...THEMES.map(({ theme, label }) => ({
          id: theme,
          label,
          isChecked: current.theme === theme,
          onSelect: () => prefer({ theme }),
        })),
        { id: "density", heading: "Rows" },
        ...DENSITIES.map(({ density, label }) => ({
          id: density,
          label,
          isChecked: current.density === density,
          onSelect: () => prefer({ density }),
        })),
        { id: "rule", isRule: true },
        {
          id: "preferences",
          label: "All preferences",
          href: hrefOf({ route: { page: "settings", section: "preferences" } }),
        },
      ]}
    />
  );
}
