import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseChannelName, patternCovers } from './channel-name.ts'
import { ChunkAssembly } from './chunk.ts'
import { closeCodes, closeVerdict } from './close-codes.ts'
import { expandEvents } from './events-frame.ts'
import { type CompiledFilter, compileFilter, type FilterSubject } from './filter.ts'
import type {
  ChannelEvent,
  ChunkFrame,
  ClientFrame,
  DroppedFrame,
  EventsFrame,
  ServerFrame,
} from './frames.ts'
import { type Decoded, decodeClientFrame, decodeClientMessage, decodeServerMessage } from './json-codec.ts'
import { negotiateSubprotocol, negotiateVersion } from './version.ts'

/** The vectors that clients in other languages run as well: here the TypeScript code is held to them. */
function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
}

interface Named {
  readonly name: string
}

describe('client frames', () => {
  const file = vectors<{
    valid: (Named & { text: string; frame?: ClientFrame })[]
    invalid: (Named & { text: string; id?: number })[]
    messages: (Named & { text: string; verdicts: (string | null)[] })[]
  }>('client-frames')

  test.each(file.valid)('valid: $name', ({ text, frame }) => {
    expect(decodeClientFrame(text)).toEqual({ frame: frame ?? JSON.parse(text) })
  })

  test.each(file.invalid)('invalid: $name', ({ text, id }) => {
    expect(decodeClientFrame(text)).toEqual({ failure: { id, problem: expect.stringMatching(/^\S.*\.$/) } })
  })

  test.each(file.messages)('message: $name', ({ text, verdicts }) => {
    expect(decodeClientMessage(text).map(opOf)).toEqual(verdicts)
  })

  test('every op has a valid and an invalid frame', () => {
    const ops = (list: readonly { text: string }[]) =>
      new Set(list.map(({ text }) => /"op" ?: ?"(\w+)"/.exec(text)?.[1]).filter((op) => op !== undefined))
    const valid = ops(file.valid)
    const invalid = ops(file.invalid)
    const known = ['connect', 'subscribe', 'unsubscribe', 'call', 'refresh', 'set', 'state', 'chunk']
    for (const op of known) expect([valid.has(op), invalid.has(op)]).toEqual([true, true])
  })

  function opOf(decoded: Decoded): string | null {
    return 'frame' in decoded ? decoded.frame.op : null
  }
})

describe('server frames', () => {
  const { messages } = vectors<{ messages: (Named & { text: string; frames: ServerFrame[] })[] }>(
    'server-frames',
  )
  test.each(messages)('$name', ({ text, frames }) => {
    expect(decodeServerMessage(text)).toEqual(frames)
  })
})

describe('chunks', () => {
  const { sequences } = vectors<{
    sequences: (Named & { maxLength: number; chunks: ChunkFrame[]; results: string[]; texts: string[] })[]
  }>('chunks')
  test.each(sequences)('$name', ({ maxLength, chunks, results, texts }) => {
    const assembly = new ChunkAssembly(maxLength)
    const outcomes = chunks.map((chunk) => assembly.add(chunk))
    expect(outcomes.map(({ status }) => status)).toEqual(results)
    expect(outcomes.flatMap((outcome) => ('text' in outcome ? [outcome.text] : []))).toEqual(texts)
  })
})

describe('events', () => {
  const { frames } = vectors<{
    frames: (Named & { epoch: string; frame: EventsFrame; events: ChannelEvent[] })[]
  }>('events')
  test.each(frames)('$name', ({ epoch, frame, events }) => {
    expect(expandEvents(frame, epoch)).toEqual(events)
  })
})

describe('positions', () => {
  interface Sequence extends Named {
    readonly start: number
    readonly frames: (EventsFrame | DroppedFrame)[]
    readonly delivered: number[]
    readonly position: number
    readonly gap?: number
  }
  const { sequences } = vectors<{ sequences: Sequence[] }>('positions')

  test.each(sequences)('$name', ({ start, frames, delivered, position, gap }) => {
    expect(follow(start, frames)).toEqual({ delivered, position, gap })
  })

  /** PROTOCOL.md §6.3 and §6.4, word by word. */
  function follow(start: number, frames: readonly (EventsFrame | DroppedFrame)[]) {
    let position = start
    const delivered: number[] = []
    for (const [index, frame] of frames.entries()) {
      const [from, to] = rangeOf(frame)
      if (to <= position) continue
      if (from > position) return { delivered, position, gap: index }
      delivered.push(...offsetsOf(frame).filter((offset) => offset > position))
      position = to
    }
    return { delivered, position, gap: undefined }
  }

  function rangeOf(frame: EventsFrame | DroppedFrame): [from: number, to: number] {
    return frame.op === 'events' ? [frame.prev, frame.position] : [Number.NEGATIVE_INFINITY, frame.to]
  }

  function offsetsOf(frame: EventsFrame | DroppedFrame): number[] {
    return frame.op === 'events' ? expandEvents(frame, 'e').map(({ offset }) => offset) : []
  }
})

describe('filters', () => {
  const file = vectors<{
    valid: (Named & { filter: unknown; cases: { subject: FilterSubject; matches: boolean }[] })[]
    invalid: (Named & { filter: unknown })[]
    equal: [unknown, unknown][]
    different: [unknown, unknown][]
  }>('filters')
  const compile = (filter: unknown): CompiledFilter => {
    const compiled = compileFilter(filter)
    if (typeof compiled === 'string') throw new Error(compiled)
    return compiled
  }

  test.each(file.valid)('valid: $name', ({ filter, cases }) => {
    const { matches } = compile(filter)
    for (const { subject, matches: expected } of cases)
      expect(matches(subject), JSON.stringify(subject)).toBe(expected)
  })

  test.each(file.invalid)('invalid: $name', ({ filter }) => {
    expect(compileFilter(filter)).toMatch(/^\S.*\.$/)
  })

  test.each(file.equal)('equal: %j and %j', (a, b) => {
    expect(compile(a).canonical).toBe(compile(b).canonical)
  })

  test.each(file.different)('different: %j and %j', (a, b) => {
    expect(compile(a).canonical).not.toBe(compile(b).canonical)
  })
})

describe('channel names', () => {
  const file = vectors<{
    valid: { name: string; kind: string; id: string }[]
    invalid: string[]
    patterns: { pattern: string; channel: string; covers: boolean }[]
  }>('channel-names')

  test.each(file.valid)('valid: $name', ({ name, kind, id }) => {
    expect(parseChannelName(name)).toEqual({ kind, id })
  })

  test.each(file.invalid.map((name) => [JSON.stringify(name), name]))('invalid: %s', (_shown, name) => {
    expect(parseChannelName(name as string)).toBeUndefined()
  })

  test.each(file.patterns)('pattern $pattern on $channel: $covers', ({ pattern, channel, covers }) => {
    expect(patternCovers(pattern, channel)).toBe(covers)
  })
})

describe('close codes', () => {
  const { codes } = vectors<{ codes: { code: number; name?: string; verdict: string }[] }>('close-codes')

  test.each(codes)('$code: $verdict', ({ code, verdict }) => {
    expect(closeVerdict(code)).toBe(verdict)
  })

  test('name every code in use', () => {
    const named = codes.flatMap(({ code, name }) => (name === undefined ? [] : [[name, code]]))
    expect(Object.fromEntries(named)).toEqual(closeCodes)
  })
})

describe('versions', () => {
  const file = vectors<{
    versions: { offered: number[]; supported: number[]; version: number | null }[]
    subprotocols: { offered: string[]; aliases: Record<string, string>; answer: string | null }[]
  }>('versions')

  test.each(file.versions)('$offered with $supported: $version', ({ offered, supported, version }) => {
    expect(negotiateVersion(offered, supported) ?? null).toBe(version)
  })

  test.each(file.subprotocols)('subprotocols $offered: $answer', ({ offered, aliases, answer }) => {
    expect(negotiateSubprotocol(offered, aliases) ?? null).toBe(answer)
  })
})
