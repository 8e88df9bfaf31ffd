const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** `1.2 MB`; powers of 1,000. */
export function byteWords(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** `0.42 ms`, `12 ms`, `1.3 s`. */
export function durationWords(ms: number): string {
  if (ms >= 1_000) return spanWords(ms)
  if (ms >= 10 || ms === 0) return `${Math.round(ms)} ms`
  return `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`
}

/** `45 ms`, `45 s`, `12 min`, `3 h`, `5 d`, `3 y`: one unit. */
export function spanWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 10 && ms % 1_000 !== 0) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`
  const days = Math.round(seconds / 86_400)
  return days < 730 ? `${days} d` : `${Math.round(days / 365.25)} y`
}

/** `in 5 min`, `2 h ago`, `now`. */
export function agoWords(at: number, now: number): string {
  const ms = now - at
  if (Math.abs(ms) < 1_500) return 'now'
  const span = spanWords(Math.round(Math.abs(ms) / 1_000) * 1_000)
  return ms < 0 ? `in ${span}` : `${span} ago`
}

/** `15,000`; with at most one digit behind the point. */
export function countWords(count: number): string {
  return count.toLocaleString('en', { maximumFractionDigits: Math.abs(count) < 100 ? 1 : 0 })
}

/** `14:05:09`; short, as there is little room where many of them stand. */
export function clockWords(at: number): string {
  return new Date(at).toLocaleTimeString('en', { hourCycle: 'h23', timeStyle: 'medium' })
}

/** `1 channel`, `2 channels`. */
export function amountWords(count: number, noun: string): string {
  return `${countWords(count)} ${noun}${count === 1 ? '' : 's'}`
}
