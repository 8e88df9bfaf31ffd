import { ParleyError } from '@parley/protocol'

/** A place in the order of what is found: newest first, then by conversation and seq. */
export interface Found {
  readonly at: number
  readonly conv: number
  readonly seq: number
}

const largest = Number.MAX_SAFE_INTEGER

/** Everything up to a time lies behind it. */
export function upTo(at: number = largest): Found {
  return { at, conv: largest, seq: largest }
}

export function toCursor({ at, conv, seq }: Found): string {
  return [at, conv, seq].map((part) => part.toString(36)).join('-')
}

/** @throws ParleyError `bad_request` for what no answer has given */
export function fromCursor(cursor: string): Found {
  const parts = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})-([0-9a-z]{1,11})$/.exec(cursor)?.slice(1)
  const [at, conv, seq] = (parts ?? []).map((part) => Number.parseInt(part, 36))
  if (at === undefined || conv === undefined || seq === undefined || Math.max(at, conv, seq) > largest)
    throw new ParleyError('bad_request', '`after` is no cursor. Pass `next` of the answer before.')
  return { at, conv, seq }
}
