/** Drawn on 24 × 24, as one path each. */
const PATHS = {
  runs: 'M4 6h3M4 12h3M4 18h3M10 6h10M10 12h10M10 18h10',
  task: 'M8 4h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM10 9h4M10 13h4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M9 6v12M15 6v12',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  hourglass: 'M7 4h10M7 20h10M8 4v3l4 5l4-5V4M8 20v-3l4-5l4 5v3',
  person: 'M12 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7zM5 20a7 7 0 0 1 14 0',
  repeat: 'M4.5 11a7.5 7.5 0 0 1 13.6-3.4L20 10M20 5v5h-5M19.5 13a7.5 7.5 0 0 1-13.6 3.4L4 14M4 19v-5h5',
  queue: 'M5 7h14M5 12h14M5 17h8',
  skip: 'M6 6l7 6l-7 6zM17 6v12',
  stop: 'M7 7h10v10H7z',
  alarm: 'M12 5.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15zM12 9v4l2.5 2M5 3.5L2.5 6M19 3.5L21.5 6',
  spin: 'M12 3.5a8.5 8.5 0 1 1-8.5 8.5',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20',
  copy: 'M9 8h9a1.5 1.5 0 0 1 1.5 1.5V19a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 19V9.5A1.5 1.5 0 0 1 9 8zM4.5 15.5v-11h11',
  external: 'M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9',
  fork: 'M7 4v16M7 15c0-5 10-3 10-9M17 6m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  screen: 'M4 5h16v11H4zM9 20h6M12 16v4',
  door: 'M14 5V4H5v16h9v-1M10 12h10M17 9l3 3l-3 3',
  menu: 'M4 7h16M4 12h16M4 17h16',
  right: 'M9.5 6l6 6l-6 6',
  down: 'M6 9.5l6 6l6-6',
  plus: 'M12 5v14M5 12h14',
  alert: 'M12 4L2.8 19.5h18.4zM12 10v4M12 17v.2',
  lock: 'M6.5 11h11v9h-11zM9 11V8a3 3 0 0 1 6 0v3',
  wave: 'M3 12h4l2.5-6l5 12L17 12h4',
  tag: 'M4 4h8l8 8l-8 8l-8-8zM8.5 8.5v.2',
} as const;

export type IconName = keyof typeof PATHS;

interface IconProps {
  readonly name: IconName;
  /** @default 16 */
  readonly size?: number;
  readonly className?: string | undefined;
}

/** A drawing beside words: those who cannot see it miss nothing. */
export const Icon = ({ name, size = 16, className }: IconProps) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    strokeWidth={1.8}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    className={className}
  >
    <path d={PATHS[name]} />
  </svg>
);
