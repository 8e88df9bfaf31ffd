/** When a status may end. */
export const endings = [
  { value: 'half-hour', label: 'In half an hour' },
  { value: 'hour', label: 'In an hour' },
  { value: 'four-hours', label: 'In four hours' },
  { value: 'day', label: 'The end of today' },
  { value: 'week', label: 'The end of this week' },
  { value: 'never', label: 'I clear it' },
] as const

const spansMs: Readonly<Record<string, number>> = {
  'half-hour': 1_800_000,
  hour: 3_600_000,
  'four-hours': 14_400_000,
}

/** The moment at which a status ends; undefined: it stays. */
export function untilOf(ending: string, now: number): number | undefined {
  const span = spansMs[ending]
  if (span !== undefined) return now + span
  const midnight = (days: number) => {
    const moment = new Date(now)
    moment.setDate(moment.getDate() + days)
    return moment.setHours(24, 0, 0, 0)
  }
  if (ending === 'day') return midnight(0)
  // Weeks end on Sunday.
  return ending === 'week' ? midnight((7 - new Date(now).getDay()) % 7) : undefined
}

/** Statuses that are often meant. */
export const usualStatuses = [
  { emoji: '📅', text: 'In a meeting', ending: 'hour' },
  { emoji: '🍽️', text: 'At lunch', ending: 'hour' },
  { emoji: '🎧', text: 'Concentrating', ending: 'four-hours' },
  { emoji: '🤒', text: 'Ill', ending: 'day' },
  { emoji: '🏖️', text: 'On holiday', ending: 'week' },
] as const
