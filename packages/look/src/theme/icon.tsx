const paths = {
  archive: 'M3.5 4.5h13v3.5h-13zM4.8 8v8h10.4V8M8.3 11h3.4',
  at: 'M10 7a3 3 0 1 1 0 6a3 3 0 0 1 0-6M13 7.2V11a2 2 0 0 0 3.8.4A7 7 0 1 0 13.6 16',
  back: 'M12.5 4.5 7 10l5.5 5.5',
  bell: 'M5 13.8V9a5 5 0 0 1 10 0v4.8l1.3 1H3.7zM8.3 17a1.9 1.9 0 0 0 3.4 0',
  bellOff: 'M5 13.8V9a5 5 0 0 1 8-4M15 9v4.8l1.3 1H8M8.3 17a1.9 1.9 0 0 0 3.4 0M3.5 3.5l13 13',
  block: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M5.5 5.5l9 9',
  channels: 'M4 5.5h12M4 10h12M4 14.5h7',
  chart: 'M3.5 16.5h13M5.5 13V9.5M10 13V4.5M14.5 13V7.5',
  check: 'M4.5 10.5 8.5 14.5 15.5 6.5',
  clock: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M10 6.5V10l2.5 1.5',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  dark: 'M16 11.6A6.4 6.4 0 0 1 8.4 4 6.4 6.4 0 1 0 16 11.6',
  details: 'M3.5 4.5h13v11h-13zM12 4.5v11',
  down: 'M10 4v11.5M5 10.8l5 4.9 5-4.9',
  download: 'M10 3.5v9M6 8.8l4 3.9 4-3.9M4 16.2h12',
  draft: 'M4 16l.8-3.6L13 4.2l2.8 2.8-8.2 8.2zM11.3 5.9l2.8 2.8',
  ephemeral: 'M3 10h2.6l1.9-4.5 3 9 2-6 1.3 1.5H17',
  durable: 'M4 6.2c0-3 12-3 12 0s-12 3-12 0v7.6c0 3 12 3 12 0V6.2M4 10c0 3 12 3 12 0',
  failed: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M10 6.8v4M10 13.2v.1',
  flag: 'M5 17V3.5M5 4.5h9.5l-2 3 2 3H5',
  group:
    'M7 4.8a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5M2.5 15.5c.2-2.6 1.9-3.9 4.5-3.9s4.3 1.3 4.5 3.9M13 5a2.3 2.3 0 0 1 0 4.6M14.2 11.9c1.9.3 3 1.6 3.2 3.6',
  help: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M8 8.2A2 2 0 1 1 10.7 10c-.5.2-.7.6-.7 1.2M10 13.4v.1',
  key: 'M7 6.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 0 1 0-7M10.5 10H17v3M14 10v2.5',
  keyboard: 'M3 5.5h14v9H3zM6 8.5h.1M8.7 8.5h.1M11.3 8.5h.1M14 8.5h.1M7 11.5h6',
  leave: 'M8 4H4.5v12H8M8.5 10H16M13 6.8l3.2 3.2-3.2 3.2',
  light:
    'M10 7a3 3 0 1 1 0 6a3 3 0 0 1 0-6M10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 0 0-4.3-4.3l-.9.9M11.5 8.5a3 3 0 0 0-4.3 0l-2.6 2.6a3 3 0 0 0 4.3 4.3l.9-.9',
  lock: 'M5 9h10v7H5zM7 9V6.8a3 3 0 0 1 6 0V9',
  mail: 'M3.5 5h13v10h-13zM3.8 5.5 10 10.5l6.2-5',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  messages: 'M3.5 4.5h13v9h-7.2L5.5 16.6v-3.1h-2z',
  more: 'M4.6 10h.1M10 10h.1M15.4 10h.1',
  people:
    'M7.5 4.3a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 0 1 0-5.4M2.8 16c.2-2.9 2-4.3 4.7-4.3S12 13.1 12.2 16M13.2 4.9a2.5 2.5 0 0 1 0 4.8M14.3 12.1c1.8.4 2.8 1.7 3 3.9',
  pause: 'M7 5v10M13 5v10',
  pin: 'M7.5 3.5h5l-.7 4.8 2.7 2.7h-9l2.7-2.7zM10 11v5.5',
  play: 'M6.5 4.5v11l9-5.5z',
  plus: 'M10 4v12M4 10h12',
  recent: 'M15.8 8A6.3 6.3 0 1 0 16.3 11M16.3 4.5V8h-3.5M10 6.8V10l2.2 1.4',
  reference: 'M6.5 5 2.5 10l4 5M13.5 5l4 5-4 5',
  room: 'M7.8 3.8 6.3 16.2M13.7 3.8l-1.5 12.4M3.8 7.6h12.9M3.3 12.4h12.9',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M13 13l3.8 3.8',
  send: 'M10 16V4.5M5 9.3l5-5 5 5',
  settings:
    'M3.5 6h7M14.5 6h2M12.5 4a2 2 0 1 1 0 4a2 2 0 0 1 0-4M3.5 14h2M9.5 14h7M7.5 12a2 2 0 1 1 0 4a2 2 0 0 1 0-4',
  smile: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M7.2 11.6c1.2 2.2 4.4 2.2 5.6 0M7.8 8v.1M12.2 8v.1',
  star: 'M10 3.3l2 4.3 4.7.6-3.4 3.2.9 4.7L10 13.8l-4.2 2.3.9-4.7L3.3 8.2 8 7.6z',
  system: 'M3.5 4.5h13v8.5h-13zM7.5 16.5h5',
  thread: 'M3.5 4h10v7H8l-2.5 2.3V11h-2zM16.5 7.5V14h-1.7v2.3L12.3 14H9',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5',
  you: 'M10 3.7a3 3 0 1 1 0 6a3 3 0 0 1 0-6M4 16.5c.3-3.2 2.5-4.8 6-4.8s5.7 1.6 6 4.8',
} as const

export type IconName = keyof typeof paths

interface IconProps {
  readonly name: IconName
  readonly size?: number
  /** Say what it means where no text does. */
  readonly label?: string
  /** The shape is full: what it stands for is on. */
  readonly filled?: boolean
}

/** A line drawing in the colour of the text around it. */
export function Icon({ name, size = 20, label, filled = false }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.4 : 1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined}
    >
      <path d={paths[name]} />
    </svg>
  )
}
