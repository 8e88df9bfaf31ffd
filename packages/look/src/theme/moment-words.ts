const dayMs = 86_400_000

/** `10:04` today, `yesterday 10:04`, `Tuesday 10:04` within a week, then the date. The same for times to come. */
export function momentWords(at: number, now: number): string {
  const moment = new Date(at)
  const time = moment.toLocaleTimeString([], { timeStyle: 'short' })
  const days = Math.round((startOfDay(at) - startOfDay(now)) / dayMs)
  if (days === 0) return time
  if (days === -1) return `yesterday ${time}`
  if (days === 1) return `tomorrow ${time}`
  if (Math.abs(days) < 7) return `${moment.toLocaleDateString([], { weekday: 'long' })} ${time}`
  const isThisYear = moment.getFullYear() === new Date(now).getFullYear()
  return moment.toLocaleDateString([], {
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  })
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}
