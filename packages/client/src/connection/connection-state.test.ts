import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConnectionState,
  type Effect,
  type Input,
  initialState,
  type Phase,
  statusOf,
  transition,
} from './connection-state.ts'

const phases: readonly Phase[] = [
  'idle',
  'preparing',
  'opening',
  'greeting',
  'connected',
  'leaving',
  'waiting',
  'offline',
  'stopped',
]

const inputs: fc.Arbitrary<Input> = fc.oneof(
  ...(
    [
      'connect',
      'disconnect',
      'reconnect',
      'token',
      'opened',
      'accepted',
      'elapsed',
      'online',
      'offline',
      'visible',
      'hidden',
      'left',
    ] as const
  ).map((type) => fc.constant<Input>({ type })),
  fc.record({ type: fc.constant('token_failed' as const), final: fc.boolean() }),
  fc.record({ type: fc.constant('goaway' as const), delayMs: fc.nat(10_000) }),
  fc.record({
    type: fc.constant('lost' as const),
    verdict: fc.constantFrom('stop' as const, 'refresh' as const, 'reconnect' as const),
    lasting: fc.boolean(),
    retryAfterMs: fc.option(fc.nat(5_000), { nil: undefined }),
  }),
)

const states: fc.Arbitrary<ConnectionState> = fc.record({
  phase: fc.constantFrom(...phases),
  attempt: fc.nat(6),
  failures: fc.nat(6),
  maxAttempts: fc.constantFrom(5, Number.POSITIVE_INFINITY),
  online: fc.boolean(),
  fresh: fc.boolean(),
  firm: fc.boolean(),
})

const start = (changes: Partial<ConnectionState> = {}): ConnectionState => ({
  ...initialState({ online: true, maxAttempts: Number.POSITIVE_INFINITY }),
  ...changes,
})

const typesOf = (effects: readonly Effect[]) => effects.map(({ type }) => type)

/** What an environment has under way, as the effects say. */
class Environment {
  hasToken = false
  hasLink = false
  hasDelay = false

  apply(effects: readonly Effect[]): void {
    for (const { type } of effects) {
      if (type === 'get_token') this.hasToken = true
      if (type === 'open') {
        expect(this.hasLink, 'a link is opened while there is one').toBe(false)
        this.hasLink = true
      }
      if (type === 'drop') this.hasLink = this.hasToken = false
      if (type === 'back_off' || type === 'wait') this.hasDelay = true
      if (type === 'cancel_wait') this.hasDelay = false
    }
  }

  /** Inputs that can come: nobody closes what is not open. */
  allows({ type }: Input): boolean {
    if (type === 'token' || type === 'token_failed') return this.hasToken
    if (type === 'elapsed') return this.hasDelay
    return !['opened', 'accepted', 'lost', 'goaway'].includes(type) || this.hasLink
  }

  /** While a connection is wanted, something is under way that leads on; else nothing is. */
  check({ phase }: ConnectionState): void {
    const { hasToken, hasLink, hasDelay } = this
    const underWay = [hasToken, hasLink, hasDelay]
    if (statusOf(phase) === 'disconnected') expect(underWay, phase).toEqual([false, false, false])
    else expect(underWay, phase).toContain(true)
    if (statusOf(phase) === 'connected') expect(hasLink, phase).toBe(true)
    if (phase === 'waiting' || phase === 'offline') expect(underWay, phase).toEqual([false, false, true])
  }

  note(input: Input): void {
    if (input.type === 'token' || input.type === 'token_failed') this.hasToken = false
    if (input.type === 'elapsed') this.hasDelay = false
    if (input.type === 'lost') this.hasLink = false
  }
}

describe('connection state', () => {
  test('every phase takes every input, and is the same for the same arguments', () => {
    fc.assert(
      fc.property(states, inputs, (state, input) => {
        const before = structuredClone(state)
        const step = transition(state, input)
        expect(state).toEqual(before)
        expect(transition(state, input)).toEqual(step)
        expect(phases).toContain(step.state.phase)
      }),
      { numRuns: 2_000 },
    )
  })

  test('disconnect always ends in idle or stays there, with nothing under way', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { state: after, effects } = transition(state, { type: 'disconnect' })
        expect(after.phase).toBe('idle')
        if (state.phase !== 'idle') expect(typesOf(effects)).toEqual(['cancel_wait', 'drop', 'ended'])
      }),
    )
  })

  test('it is never stuck: while a connection is wanted, a token, a link or a delay is under way', () => {
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 60 }), (sequence) => {
        const environment = new Environment()
        let state = start()
        for (const input of sequence) {
          if (!environment.allows(input)) continue
          environment.note(input)
          const step = transition(state, input)
          environment.apply(step.effects)
          state = step.state
          environment.check(state)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('only a verdict, a final token failure or too many attempts stop it', () => {
    fc.assert(
      fc.property(states, inputs, (state, input) => {
        const { state: after } = transition(state, input)
        if (after.phase !== 'stopped' || state.phase === 'stopped') return
        const isFinal = input.type === 'token_failed' && input.final
        const isVerdict = input.type === 'lost' && input.verdict === 'stop'
        expect(isFinal || isVerdict || state.failures >= state.maxAttempts).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('failures are counted while online, not while offline, and not again after a lasting connection', () => {
    const lost: Input = { type: 'lost', verdict: 'reconnect', lasting: false }
    expect(transition(start({ phase: 'opening', attempt: 2 }), lost).state.attempt).toBe(3)
    expect(transition(start({ phase: 'opening', attempt: 2, online: false }), lost).state).toMatchObject({
      phase: 'offline',
      attempt: 2,
    })
    const lasting = transition(start({ phase: 'connected', attempt: 2 }), { ...lost, lasting: true })
    expect(lasting.effects).toContainEqual({ type: 'back_off', attempt: 0, minMs: 0 })
  })

  test('a first refused token is replaced at once, a second one after a pause', () => {
    const lost: Input = { type: 'lost', verdict: 'refresh', lasting: false }
    const first = transition(start({ phase: 'greeting' }), lost)
    expect(typesOf(first.effects)).toEqual(['drop', 'get_token'])
    expect(first.effects).toContainEqual({ type: 'get_token', fresh: true })
    const second = transition({ ...first.state, phase: 'greeting' }, lost)
    expect(typesOf(second.effects)).toEqual(['drop', 'back_off'])
    expect(transition(second.state, { type: 'elapsed' }).effects).toContainEqual({
      type: 'get_token',
      fresh: true,
    })
  })

  test('hints hasten a pause of our own, not one that the server asked for', () => {
    for (const type of ['online', 'visible'] as const) {
      expect(transition(start({ phase: 'waiting' }), { type }).state.phase).toBe('preparing')
      expect(transition(start({ phase: 'waiting', firm: true }), { type }).state.phase).toBe('waiting')
    }
  })

  test('goaway: the connection is used until the delay is over, and the delay is kept when it closes earlier', () => {
    const leaving = transition(start({ phase: 'connected' }), { type: 'goaway', delayMs: 700 })
    expect(leaving.effects).toEqual([{ type: 'wait', delayMs: 700 }])
    expect(statusOf(leaving.state.phase)).toBe('connected')
    expect(typesOf(transition(leaving.state, { type: 'elapsed' }).effects)).toEqual(['drop', 'get_token'])
    const closed = transition(leaving.state, { type: 'lost', verdict: 'reconnect', lasting: true })
    expect(closed.state.phase).toBe('waiting')
    expect(typesOf(closed.effects)).toEqual(['drop'])
  })
})
