import type { Latencies } from './latency.ts'
import { stampMicros } from './latency.ts'

/** Bytes of JSON in every message. */
export const payloadBytes = 128

const frame = { head: '{"t":', middle: ',"x":"', tail: '"}' }
const padding = 'x'.repeat(payloadBytes - frame.head.length - 16 - frame.middle.length - frame.tail.length)
const rest = `${frame.middle}${padding}${frame.tail}`

/** JSON of 128 bytes that says when it was made. */
export function stampedPayload(): string {
  return `${frame.head}${stampMicros()}${rest}`
}

const mark = Buffer.from('"t":1')
const textMark = Buffer.from('stamp 1')

/** Finds every payload in some bytes and notes how long ago it was made. */
export function noteLatencies(bytes: Buffer, into: Latencies): void {
  note(bytes, mark, into)
}

/** The same for texts that hold `stampedText()`. */
export function noteTexts(bytes: Buffer, into: Latencies): void {
  note(bytes, textMark, into)
}

/** Words that say when they were made. */
export function stampedText(): string {
  return `stamp ${stampMicros()} and some words that make it as long as people write`
}

function note(bytes: Buffer, begin: Buffer, into: Latencies): void {
  const now = stampMicros()
  const digits = begin.length - 1
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + digits + 16)) {
    let stamp = 0
    for (let digit = at + digits; digit < at + digits + 16; digit++)
      stamp = stamp * 10 + (bytes[digit] as number) - 48
    into.add((now - stamp) / 1_000)
  }
}
