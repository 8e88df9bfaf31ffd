import { createHash } from 'node:crypto'
import type { Position } from '@parley/protocol'

const marks = new Map<string, string>()
const maxMarks = 20_000

/** A short name of a channel, the same everywhere. */
export function markOf(channel: string): string {
  let mark = marks.get(channel)
  if (mark === undefined) {
    mark = createHash('sha256').update(channel).digest('base64url').slice(0, 8)
    if (marks.size >= maxMarks) marks.clear()
    marks.set(channel, mark)
  }
  return mark
}

/**
 * Where a client stands in its channels. It began at some positions, which the server keeps for it; how far it has come
 * since is told to it with every event, as a text that it gives back when it reconnects. So the text is whole by itself:
 * whichever event was the last to arrive, the client stands exactly where that event's text says.
 */
export class Positions {
  /** By channel, as of the connect or the join. */
  readonly bases = new Map<string, Position>()
  /** By mark: channels that have brought something since. */
  readonly #moved = new Map<string, number>()

  begin(channel: string, position: Position): void {
    this.bases.set(channel, position)
    this.#moved.delete(markOf(channel))
  }

  end(channel: string): void {
    this.bases.delete(channel)
    this.#moved.delete(markOf(channel))
  }

  advance(mark: string, offset: number): void {
    this.#moved.set(mark, offset)
  }

  /** Whether nothing has come from any other channel: then a place in this one tells all. */
  isAlone(mark: string): boolean {
    return this.#moved.size === 0 || (this.#moved.size === 1 && this.#moved.has(mark))
  }

  /** How far the client has come; `mark` and `offset`: with the event that is about to be sent. */
  text(mark?: string, offset = 0): string {
    const parts = mark === undefined ? [] : [`${mark}.${offset.toString(36)}`]
    for (const [other, at] of this.#moved) if (other !== mark) parts.push(`${other}.${at.toString(36)}`)
    // A client remembers the last text it was given, and an empty one would say nothing else than none.
    return parts.length === 0 ? '-' : parts.join('~')
  }

  /** Where the client stands that gives `text` back; undefined when it says what cannot be. */
  static after(
    bases: ReadonlyMap<string, Position>,
    text: string | undefined,
  ): ReadonlyMap<string, Position> | undefined {
    const offsets = text === undefined ? new Map<string, number>() : parse(text)
    if (offsets === undefined) return undefined
    const found = new Map<string, Position>()
    for (const [channel, base] of bases) {
      const offset = offsets.get(markOf(channel))
      // Nobody reads what came before the join.
      found.set(channel, offset === undefined || offset < base.offset ? base : { ...base, offset })
    }
    return found
  }

  /** Goes on where the client stood. */
  static resume(bases: ReadonlyMap<string, Position>, at: ReadonlyMap<string, Position>): Positions {
    const positions = new Positions()
    for (const [channel, base] of bases) {
      positions.bases.set(channel, base)
      const offset = at.get(channel)?.offset ?? base.offset
      if (offset > base.offset) positions.#moved.set(markOf(channel), offset)
    }
    return positions
  }
}

const partPattern = /^([\w-]{8})\.([0-9a-z]{1,11})$/
const maxParts = 2_000

function parse(text: string): ReadonlyMap<string, number> | undefined {
  const offsets = new Map<string, number>()
  if (text === '-') return offsets
  const parts = text.split('~', maxParts)
  for (const part of parts) {
    const found = partPattern.exec(part)
    if (found === null) return undefined
    offsets.set(found[1] as string, Number.parseInt(found[2] as string, 36))
  }
  return offsets
}
