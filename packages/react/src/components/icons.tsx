import type { ReactNode } from 'react'

const paths = {
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2 1.3',
  tick: 'm3.5 8.5 3 3 6-7',
  ticks: 'm1.5 8.5 3 3 6-7M8.5 11.5l6-7',
  failed: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.5M8 10.8v.2',
  down: 'm3.5 6 4.5 4.5L12.5 6',
  send: 'M2.5 8h10M8.5 4l4 4-4 4',
  attach: 'm12.5 7.5-5 5a3 3 0 0 1-4.2-4.2l5.4-5.4a2 2 0 0 1 2.8 2.8l-5.3 5.3a1 1 0 0 1-1.4-1.4l4.6-4.6',
  close: 'm4 4 8 8M12 4l-8 8',
  reply: 'M6.5 4 3 7.5 6.5 11M3 7.5h6a4 4 0 0 1 4 4v.5',
  thread: 'M3 3.5h10v7H8l-3 2.5v-2.5H3Z',
  edit: 'm3 13 .6-2.6L10.8 3.2a1.2 1.2 0 0 1 1.7 0l.3.3a1.2 1.2 0 0 1 0 1.7L5.6 12.4Z',
  remove: 'M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9',
  pin: 'M6 2.5h4l-.5 4 2 2.5h-7l2-2.5ZM8 9v4.5',
  file: 'M4 2.5h5l3 3v8H4ZM9 2.5v3h3',
} as const

export type IconName = keyof typeof paths

interface IconProps {
  readonly name: IconName
  /** Without a label it is decoration. */
  readonly label?: string
}

/** A sign of 16 × 16 in the colour of the text around it. */
export function Icon({ name, label }: IconProps): ReactNode {
  const sign = (
    <svg
      className="parley-icon"
      data-icon={name}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
  if (label === undefined) return sign
  return (
    <span title={label}>
      {sign}
      <span className="parley-hidden">{label}</span>
    </span>
  )
}
