/** The value of a `datetime-local` field for a moment, in the time of this place. */
export function localText(at: number): string {
  const moment = new Date(at)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`
}

/** The moment that such a field names; undefined for none. */
export function momentIn(text: string): number | undefined {
  const at = new Date(text).getTime()
  return Number.isFinite(at) ? at : undefined
}

/** Times that are often meant. */
export function usualTimes(now: number): readonly { readonly label: string; readonly at: number }[] {
  const at = (days: number, hour: number) => {
    const moment = new Date(now)
    moment.setDate(moment.getDate() + days)
    return moment.setHours(hour, 0, 0, 0)
  }
  const untilMonday = (8 - new Date(now).getDay()) % 7 || 7
  return [
    { label: 'In an hour', at: now + 3_600_000 },
    { label: 'Tonight, 20:00', at: at(0, 20) },
    { label: 'Tomorrow, 9:00', at: at(1, 9) },
    { label: 'Monday, 9:00', at: at(untilMonday, 9) },
  ].filter((time) => time.at > now + 60_000)
}
