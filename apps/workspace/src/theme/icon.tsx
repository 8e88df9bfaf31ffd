const paths = {
  back: 'M12.5 4.5 7 10l5.5 5.5',
  channels: 'M4 5.5h12M4 10h12M4 14.5h7',
  check: 'M4.5 10.5 8.5 14.5 15.5 6.5',
  clock: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M10 6.5V10l2.5 1.5',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  dark: 'M16 11.6A6.4 6.4 0 0 1 8.4 4 6.4 6.4 0 1 0 16 11.6',
  down: 'M10 4v11.5M5 10.8l5 4.9 5-4.9',
  failed: 'M10 3.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M10 6.8v4M10 13.2v.1',
  leave: 'M8 4H4.5v12H8M8.5 10H16M13 6.8l3.2 3.2-3.2 3.2',
  light:
    'M10 7a3 3 0 1 1 0 6a3 3 0 0 1 0-6M10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1',
  messages: 'M3.5 4.5h13v9h-7.2L5.5 16.6v-3.1h-2z',
  more: 'M4.6 10h.1M10 10h.1M15.4 10h.1',
  people:
    'M7.5 4.3a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 0 1 0-5.4M2.8 16c.2-2.9 2-4.3 4.7-4.3S12 13.1 12.2 16M13.2 4.9a2.5 2.5 0 0 1 0 4.8M14.3 12.1c1.8.4 2.8 1.7 3 3.9',
  plus: 'M10 4v12M4 10h12',
  reference: 'M6.5 5 2.5 10l4 5M13.5 5l4 5-4 5',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M13 13l3.8 3.8',
  send: 'M10 16V4.5M5 9.3l5-5 5 5',
  system: 'M3.5 4.5h13v8.5h-13zM7.5 16.5h5',
  you: 'M10 3.7a3 3 0 1 1 0 6a3 3 0 0 1 0-6M4 16.5c.300-3.2 2.5-4.8 6-4.8s5.7 1.6 6 4.8',
  durable: 'M4 6.2c0-3 12-3 12 0s-12 3-12 0v7.6c0 3 12 3 12 0V6.2M4 10c0 3 12 3 12 0',
  recent: 'M15.8 8A6.3 6.3 0 1 0 16.3 11M16.3 4.5V8h-3.5M10 6.8V10l2.2 1.4',
  ephemeral: 'M3 10h2.6l1.9-4.5 3 9 2-6 1.3 1.5H17',
} as const

export type IconName = keyof typeof paths

interface IconProps {
  readonly name: IconName
  readonly size?: number
  /** Say what it means where no text does. */
  readonly label?: string
}

/** A line drawing in the colour of the text around it. */
export function Icon({ name, size = 20, label }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
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
