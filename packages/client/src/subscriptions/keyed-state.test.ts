import type { StateEntry, StateFrame, StateSnapshot } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyedState, type StateStep } from './keyed-state.ts'

const entry = (key: string, value: unknown): StateEntry => ({ key, name: 'presence', session: key, value })

const snapshot = (version: number, keys: string, next?: string): StateSnapshot => ({
  instance: 'i',
  version,
  entries: [...keys].map((key) => entry(key, 0)),
  total: keys.length,
  ...(next === undefined ? {} : { next }),
})

const frame = (changes: Partial<StateFrame>): StateFrame => ({
  op: 'state',
  channel: 'room:a',
  instance: 'i',
  prev: 1,
  version: 2,
  set: [],
  removed: [],
  ...changes,
})

const keysOf = (state: KeyedState) => [...state.entries.keys()].sort().join('')

describe('keyed state', () => {
  test('a snapshot and the changes that follow from it', () => {
    const state = new KeyedState()
    expect(state.begin(snapshot(1, 'ab'))).toMatchObject({
      need: 'nothing',
      change: { whole: true, removed: [] },
    })
    const step = state.apply(frame({ set: [entry('c', 1)], removed: ['a'] }))
    expect(step).toMatchObject({ need: 'nothing', change: { whole: false, removed: ['a'] } })
    expect(keysOf(state)).toBe('bc')
  })

  test('changes that are known already are left out; a gap or another instance asks for a snapshot', () => {
    const state = new KeyedState()
    state.begin(snapshot(5, 'a'))
    expect(state.apply(frame({ prev: 3, version: 5, removed: ['a'] }))).toEqual({ need: 'nothing' })
    expect(state.apply(frame({ prev: 6, version: 7 }))).toEqual({ need: 'snapshot' })
    // While it is awaited, nothing is asked for again.
    expect(state.apply(frame({ prev: 8, version: 9 }))).toEqual({ need: 'nothing' })
    expect(state.begin(snapshot(9, 'xa'))).toMatchObject({ change: { removed: [] } })
    expect(state.apply(frame({ instance: 'j', prev: 9, version: 10 }))).toEqual({ need: 'snapshot' })
    expect(keysOf(state)).toBe('ax')
  })

  test('a new snapshot says which keys are gone', () => {
    const state = new KeyedState()
    state.begin(snapshot(1, 'abc'))
    expect(state.begin(snapshot(9, 'cd'))).toMatchObject({ change: { removed: ['a', 'b'] } })
    expect(keysOf(state)).toBe('cd')
  })

  test('pages never bring back what was removed while they were read', () => {
    const state = new KeyedState()
    expect(state.begin(snapshot(1, 'a', 'n'))).toMatchObject({ need: 'page', after: 'n' })
    state.apply(frame({ set: [entry('c', 'new')], removed: ['b'] }))
    expect(state.continue(snapshot(1, 'bcd'))).toMatchObject({ need: 'nothing' })
    expect(keysOf(state)).toBe('acd')
    expect(state.entries.get('c')?.value).toBe('new')
  })

  test('a page of another map starts over', () => {
    const state = new KeyedState()
    state.begin(snapshot(1, 'a', 'n'))
    expect(state.continue({ ...snapshot(1, 'b'), instance: 'j' })).toEqual({ need: 'snapshot' })
  })

  test('whatever changes and whatever is lost between: in the end it equals the server', () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      value: fc.option(fc.nat(9), { nil: null }),
      isLost: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 50 }), (changes) => {
        const server = new ServerMap()
        const state = new KeyedState()
        server.serve(state, state.begin(server.page()))
        for (const { key, value, isLost } of changes) {
          const diff = server.change(key, value)
          if (!isLost) server.serve(state, state.apply(diff))
        }
        // One more that arrives shows any gap.
        server.serve(state, state.apply(server.change('z', 1)))
        expect(Object.fromEntries([...state.entries].map(([key, { value }]) => [key, value]))).toEqual(
          server.values(),
        )
      }),
    )
  })
})

/** A map in pages of two. */
class ServerMap {
  readonly #entries = new Map<string, StateEntry>()
  #version = 0

  change(key: string, value: number | null): StateFrame {
    const prev = this.#version
    this.#version += 1
    if (value === null) this.#entries.delete(key)
    else this.#entries.set(key, entry(key, value))
    const set = value === null ? [] : [entry(key, value)]
    return frame({ prev, version: this.#version, set, removed: value === null ? [key] : [] })
  }

  page(after = ''): StateSnapshot {
    const rest = [...this.#entries.values()]
      .filter(({ key }) => key > after)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    const entries = rest.slice(0, 2)
    const next = rest.length > 2 ? { next: entries[1]?.key ?? '' } : {}
    return { instance: 'i', version: this.#version, entries, total: this.#entries.size, ...next }
  }

  serve(state: KeyedState, step: StateStep): void {
    if (step.need === 'snapshot') this.serve(state, state.begin(this.page()))
    if (step.need === 'page') this.serve(state, state.continue(this.page(step.after)))
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.#entries].map(([key, { value }]) => [key, value]))
  }
}
