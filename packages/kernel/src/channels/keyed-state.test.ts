import { ParleyError, type StateEntry } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyedState } from './keyed-state.ts'

const limits = { maxStateEntries: 1_000_000, maxStateBytes: 4_096 }
const owner = (session: string, user?: string) => ({ session, user })

interface StateDiff {
  readonly prev: number
  readonly version: number
  readonly set: readonly StateEntry[]
  readonly removed: readonly string[]
}

/** The whole difference from a version on, as frames would tell it. */
function diffOf(state: KeyedState, prev: number, version = state.version): StateDiff | undefined {
  const steps = state.changes(prev, version)
  if (steps === undefined) return undefined
  const set: StateEntry[] = []
  const removed: string[] = []
  for (const { key, text } of steps) {
    if (text === undefined) removed.push(key)
    else set.push(JSON.parse(text) as StateEntry)
  }
  return { prev, version, set, removed }
}

/** What a client keeps: entries by key, at a version. */
class Replica {
  readonly entries = new Map<string, StateEntry>()
  version: number

  constructor(version: number) {
    this.version = version
  }

  apply({ prev, version, set, removed }: StateDiff): void {
    expect(prev).toBe(this.version)
    this.version = version
    for (const key of removed) this.entries.delete(key)
    for (const entry of set) this.entries.set(entry.key, entry)
  }
}

function pageAll(state: KeyedState, between: (cursor: string) => void = () => undefined): Replica {
  const first = state.snapshot()
  const replica = new Replica(first.version)
  let page = first
  for (;;) {
    for (const entry of page.entries) replica.entries.set(entry.key, entry)
    if (page.next === undefined) return replica
    between(page.next)
    page = state.snapshot(page.next)
  }
}

function expectSame(replica: Replica, state: KeyedState): void {
  const whole = pageAll(state)
  expect(replica.version).toBe(state.version)
  expect([...replica.entries].sort()).toEqual([...whole.entries].sort())
}

type Change =
  | { readonly do: 'set'; readonly session: string; readonly name: string; readonly value: unknown }
  | { readonly do: 'remove'; readonly session: string; readonly name: string }
  | { readonly do: 'removeSession'; readonly session: string }

const session = fc.constantFrom('s1', 's2', 's3')
const name = fc.constantFrom('presence', 'typing', 'cursor')
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), session, name, value: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), session, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeSession' as const), session }) },
)

function apply(state: KeyedState, made: Change): boolean {
  if (made.do === 'set') return state.set(owner(made.session, 'u'), made.name, made.value)
  if (made.do === 'remove') return state.remove(made.session, made.name)
  return state.removeSession(made.session)
}

describe('a replica', () => {
  test('at any version becomes the map by one difference', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        (changes, joins) => {
          const state = new KeyedState('i', limits)
          const replicas: Replica[] = []
          for (const [index, made] of changes.entries()) {
            if (joins.includes(index)) replicas.push(pageAll(state))
            apply(state, made)
          }
          for (const replica of replicas) {
            const diff = diffOf(state, replica.version) as StateDiff
            const keys = [...diff.set.map(({ key }) => key), ...diff.removed]
            expect(new Set(keys).size).toBe(keys.length)
            replica.apply(diff)
            expectSame(replica, state)
          }
        },
      ),
    )
  })

  test('becomes the map by any row of differences', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 60 }), (changes) => {
        const state = new KeyedState('i', limits)
        const replica = new Replica(0)
        for (const [made, isFlushed] of changes) {
          apply(state, made)
          if (isFlushed) replica.apply(diffOf(state, replica.version) as StateDiff)
        }
        replica.apply(diffOf(state, replica.version) as StateDiff)
        expectSame(replica, state)
      }),
    )
  })

  test('that loads its pages while entries come, change and go is whole with the difference', () => {
    const state = new KeyedState('i', limits)
    for (let n = 0; n < 3_500; n++) state.set(owner(`s${n}`), 'presence', 0)
    let round = 0
    const replica = pageAll(state, () => {
      round += 1
      for (let n = 0; n < 3_500; n += 19) state.set(owner(`s${n}`), 'presence', round)
      for (let n = round; n < 3_500; n += 31) state.remove(`s${n}`, 'presence')
      for (let n = 0; n < 100; n++) state.set(owner(`new-${round}-${n}`), 'presence', 0)
    })
    expect(round).toBeGreaterThan(2)
    replica.apply(diffOf(state, replica.version) as StateDiff)
    expectSame(replica, state)
  })
})

describe('a map', () => {
  test('has a new version for each change, and none for what changes nothing', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const state = new KeyedState('i', limits)
        for (const made of changes) {
          const before = state.version
          const isChanged = apply(state, made)
          expect(state.version > before).toBe(isChanged)
          expect(diffOf(state, state.version)).toMatchObject({ set: [], removed: [] })
        }
      }),
    )
  })

  test('remembers a bounded number of changes; who is further back needs a snapshot', () => {
    const state = new KeyedState('i', limits)
    const changes = 40_000
    for (let n = 1; n <= changes; n++) state.set(owner('s'), 'cursor', n)
    expect(state.version).toBe(changes)
    expect(diffOf(state, 0)).toBeUndefined()
    expect(diffOf(state, changes - 20_000)).toBeUndefined()
    expect(diffOf(state, changes - 8_192)).toMatchObject({ version: changes, set: [{ value: changes }] })
    expect(diffOf(state, changes + 1)).toBeUndefined()
  })

  test('tells entries, users and sessions', () => {
    const state = new KeyedState('inst', limits)
    state.set(owner('s1', 'ann'), 'presence', {})
    state.set(owner('s2', 'ann'), 'presence', {})
    state.set(owner('s3'), 'presence', {})
    state.set(owner('s1', 'ann'), 'typing', true)
    expect(state.occupancy).toEqual({ sessions: 3, users: 2 })
    expect(state.size).toBe(4)
    const snapshot = state.snapshot()
    expect(snapshot).toMatchObject({ instance: 'inst', version: 4, total: 4 })
    expect(snapshot.next).toBeUndefined()
    expect(snapshot.entries[2]).toEqual({ key: 's3|presence', name: 'presence', session: 's3', value: {} })
    expect(state.snapshot('nonsense').entries).toEqual([])
    state.set(owner('s1', 'ann'), 'presence', { again: true })
    state.removeSession('s2')
    state.remove('s3', 'presence')
    expect(state.occupancy).toEqual({ sessions: 1, users: 1 })
    state.removeSession('s1')
    expect(state.occupancy).toEqual({ sessions: 0, users: 0 })
  })
})

describe('limits', () => {
  const refused = (code: string) => expect.objectContaining({ code })
  const thrown = (run: () => void) => {
    try {
      run()
    } catch (error) {
      return error
    }
    return undefined
  }

  test('of a value, of a session and of the channel are kept, and change nothing', () => {
    const state = new KeyedState('i', { maxStateEntries: 3, maxStateBytes: 10, maxStateEntriesPerSession: 2 })
    expect(thrown(() => state.set(owner('a'), 'n', '123456789'))).toEqual(refused('payload_too_large'))
    state.set(owner('a'), 'n', 1)
    state.set(owner('a'), 'm', 1)
    const full = thrown(() => state.set(owner('a'), 'o', 1)) as ParleyError
    expect(full).toBeInstanceOf(ParleyError)
    expect(full.details).toEqual({ limit: 'maxStateEntriesPerSession', value: 2 })
    state.set(owner('b'), 'n', 1)
    expect(thrown(() => state.set(owner('c'), 'n', 1))).toMatchObject({
      details: { limit: 'maxStateEntries' },
    })
    expect(state.version).toBe(3)
  })

  test('let a held entry change, and take another in the place of one that left', () => {
    const state = new KeyedState('i', { maxStateEntries: 1, maxStateBytes: 10 })
    state.set(owner('a'), 'n', 1)
    expect(state.set(owner('a'), 'n', 2)).toBe(true)
    expect(state.removeSession('a')).toBe(true)
    expect(state.removeSession('a')).toBe(false)
    expect(state.set(owner('b'), 'n', 1)).toBe(true)
  })
})
