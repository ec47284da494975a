/** Line icons on a grid of 16; they take the colour of the text. Always beside words or inside a named control. */

const PATHS = {
  map: "M3 4h3v3H3zM10 2.5h3v3h-3zM10 10.5h3v3h-3zM6 5.5h2V4h2M8 5.5V12h2",
  traces: "M2 4h8M4 8h9M7 12h5",
  insights: "M2.5 12.5 6 7.5l3 2.5 4.5-6.5M10.5 3.5h3v3",
  groups: "M2.5 3.5h4v4h-4zM9.5 3.5h4v4h-4zM2.5 10.5h4v2.5h-4zM9.5 10.5h4v2.5h-4z",
  sampling: "M2.5 3h11L9.5 8v5l-3-1.5V8z",
  settings: "M2 4.5h5M11 4.5h3M2 11.5h3M9 11.5h5M9 2.5v4M7 9.5v4",
  daemons: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
  start: "M3 13.5v-11l10 5.5z",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5",
  previous: "M10 3 5 8l5 5",
  next: "m6 3 5 5-5 5",
  down: "m4 6 4 4 4-4",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3 14 14",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.2l2 1.3",
  theme: "M13.5 9.6A6 6 0 1 1 6.4 2.5a4.8 4.8 0 0 0 7.1 7.1z",
  keys: "M6 6a2 2 0 1 1 2.8 1.8C8.2 8.1 8 8.5 8 9.2M8 12h.01",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.2 3L13 4.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  filter: "M2 3.5h12M4.5 8h7M6.5 12.5h3",
  link: "M9.5 6.5 13 3M9.5 3H13v3.5M7 4H3v9h9V9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
