/**
 * The life of a connection as a pure function: state × input → next state + effects. `connection.ts` carries the
 * effects out. Every cell of the table below exists by name in `table`; the compiler knows if one is missing.
 *
 *   input        │ idle    preparing opening   greeting  connected leaving   waiting   offline   stopped
 *   ─────────────┼──────────────────────────────────────────────────────────────────────────────────────
 *   connect      │ begin   ·         ·         ·         ·         ·         ·         ·         begin
 *   disconnect   │ ·       end       end       end       end       end       end       end       end
 *   reconnect    │ begin   restart   restart   restart   restart   restart   restart   restart   begin
 *   token        │ ·       open      ·         ·         ·         ·         ·         ·         ·
 *   token_failed │ ·       fail      ·         ·         ·         ·         ·         ·         ·
 *   opened       │ ·       ·         greet     ·         ·         ·         ·         ·         ·
 *   accepted     │ ·       ·         ·         settle    ·         ·         ·         ·         ·
 *   lost         │ ·       ·         fail      fail      fail      await     ·         ·         ·
 *   goaway       │ ·       ·         ·         ·         leave     ·         ·         ·         ·
 *   elapsed      │ ·       ·         ·         ·         ·         move      retry     retry     ·
 *   online       │ note    note      note      note      probe     probe     hasten    revive    note
 *   offline      │ note    note      note      note      probe     probe     pause     note      note
 *   visible      │ ·       forget    forget    forget    probe     probe     hasten    revive    ·
 *   hidden       │ ·       ·         ·         ·         pace      pace      ·         ·         ·
 *   left         │ ·       sleep     sleep     sleep     sleep     sleep     sleep     ·         ·
 *
 * idle: nobody asked for a connection · preparing: waiting for a token · opening: the transport connects · greeting:
 * `connect` was sent · leaving: connected to a node that said goaway, the delay runs · waiting: a delay runs before the
 * next attempt · offline: the platform reports no network; an attempt is made now and then, as such reports can be
 * wrong · stopped: trying again by itself would be of no use.
 */
import type { CloseVerdict } from '@parley/protocol'

export type Phase =
  | 'idle'
  | 'preparing'
  | 'opening'
  | 'greeting'
  | 'connected'
  | 'leaving'
  | 'waiting'
  | 'offline'
  | 'stopped'

/** What applications see of a phase. `disconnected` lasts until `connect()` is called. */
export type ConnectionStatus = 'connecting' | 'connected' | 'disconnected'

export interface ConnectionState {
  readonly phase: Phase
  /** Pauses since the connection last was there for a while: by it they grow. Those made while offline do not count. */
  readonly attempt: number
  /** Attempts in a row that failed, though nothing spoke against them: no lack of network, no wait that the server asked for. */
  readonly failures: number
  /** So many may follow a failure; with one more it is over. */
  readonly maxAttempts: number
  readonly online: boolean
  /** The next token must be a new one. */
  readonly fresh: boolean
  /** The delay that runs was set by the server: hints of the platform do not shorten it. */
  readonly firm: boolean
}

export type Input =
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  | { readonly type: 'reconnect' }
  | { readonly type: 'token' }
  /** `final`: asking again would be of no use. */
  | { readonly type: 'token_failed'; readonly final: boolean }
  | { readonly type: 'opened' }
  | { readonly type: 'accepted' }
  /** Closed, refused, silent or not opened in time. `lasting`: it had worked for a while. */
  | {
      readonly type: 'lost'
      readonly verdict: CloseVerdict
      readonly lasting: boolean
      readonly retryAfterMs?: number | undefined
    }
  | { readonly type: 'goaway'; readonly delayMs: number }
  | { readonly type: 'elapsed' }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  | { readonly type: 'visible' }
  | { readonly type: 'hidden' }
  /** The page is left. It may be kept to be gone back to, but not with a connection. */
  | { readonly type: 'left' }

export type Effect =
  | { readonly type: 'get_token'; readonly fresh: boolean }
  | { readonly type: 'open' }
  | { readonly type: 'greet' }
  /** The connection can be used. */
  | { readonly type: 'ready' }
  /** Close the connection, if there is one; nothing of it matters any more. */
  | { readonly type: 'drop' }
  /** Start the one delay: a random part of the backoff of `attempt`, at least `minMs`. */
  | { readonly type: 'back_off'; readonly attempt: number; readonly minMs: number }
  /** Start the one delay with a given length. */
  | { readonly type: 'wait'; readonly delayMs: number }
  | { readonly type: 'cancel_wait' }
  /** Find out soon whether the connection still works. */
  | { readonly type: 'probe' }
  /** Tell the server how often it should ask, if that has changed. */
  | { readonly type: 'pace' }
  /** Nothing more will happen by itself: tell whoever waits. */
  | { readonly type: 'ended'; readonly by: 'user' | 'verdict' | 'failures' }

export interface Step {
  readonly state: ConnectionState
  readonly effects: readonly Effect[]
}

type Cell<T extends Input['type']> = (state: ConnectionState, input: Extract<Input, { type: T }>) => Step
type Row = { readonly [T in Input['type']]: Cell<T> }
type Cause = {
  readonly verdict: CloseVerdict
  readonly lasting: boolean
  readonly retryAfterMs?: number | undefined
}

/** Where a client begins. */
export function initialState(options: {
  readonly online: boolean
  readonly maxAttempts: number
}): ConnectionState {
  return { phase: 'idle', attempt: 0, failures: 0, fresh: false, firm: false, ...options }
}

/** What applications are told about a phase. */
export function statusOf(phase: Phase): ConnectionStatus {
  if (phase === 'idle' || phase === 'stopped') return 'disconnected'
  return phase === 'connected' || phase === 'leaving' ? 'connected' : 'connecting'
}

/** One step. Pure: equal arguments give equal results. */
export function transition(state: ConnectionState, input: Input): Step {
  const cell = table[state.phase][input.type] as (state: ConnectionState, input: Input) => Step
  return cell(state, input)
}

function step(state: ConnectionState, changes: Partial<ConnectionState>, ...effects: Effect[]): Step {
  return { state: { ...state, ...changes }, effects }
}

const drop: Effect = { type: 'drop' }
const cancelWait: Effect = { type: 'cancel_wait' }
const probe: Effect = { type: 'probe' }
const nowAndThen: Effect = { type: 'back_off', attempt: Number.POSITIVE_INFINITY, minMs: 0 }
const getToken = (fresh: boolean): Effect => ({ type: 'get_token', fresh })

const stay = (state: ConnectionState): Step => step(state, {})

const begin = (state: ConnectionState): Step => {
  const fresh = state.phase === 'stopped'
  return step(state, { phase: 'preparing', attempt: 0, failures: 0, fresh, firm: false }, getToken(fresh))
}

const end = (state: ConnectionState): Step =>
  step(state, { phase: 'idle', attempt: 0, fresh: false, firm: false }, cancelWait, drop, {
    type: 'ended',
    by: 'user',
  })

const restart = (state: ConnectionState): Step =>
  step(
    state,
    { phase: 'preparing', attempt: 0, failures: 0, firm: false },
    cancelWait,
    drop,
    getToken(state.fresh),
  )

const retry = (state: ConnectionState): Step =>
  step(state, { phase: 'preparing', firm: false }, cancelWait, getToken(state.fresh))

const halt = (state: ConnectionState, by: 'verdict' | 'failures'): Step =>
  step(state, { phase: 'stopped', fresh: false, firm: false }, cancelWait, drop, { type: 'ended', by })

/** After a failure: stop, try with a new token, or wait for the next attempt. */
function fail(state: ConnectionState, cause: Cause): Step {
  const { verdict, lasting, retryAfterMs: minMs = 0 } = cause
  if (verdict === 'stop') return halt(state, 'verdict')
  const { online, maxAttempts } = state
  const firm = minMs > 0
  const failures = state.failures + (online && !firm ? 1 : 0)
  if (failures > maxAttempts || maxAttempts === 0) return halt(state, 'failures')
  const before = lasting ? 0 : state.attempt
  const fresh = verdict === 'refresh' || state.fresh
  if (!online && !firm) return step(state, { phase: 'offline', attempt: before, fresh }, drop, nowAndThen)
  const attempt = online ? before + 1 : before
  if (verdict === 'refresh' && before === 0 && !firm)
    return step(state, { phase: 'preparing', attempt, failures, fresh }, drop, getToken(true))
  return step(state, { phase: 'waiting', attempt, failures, fresh, firm }, drop, {
    type: 'back_off',
    attempt: before,
    minMs,
  })
}

const tokenFailed: Cell<'token_failed'> = (state, input) =>
  fail(state, { verdict: input.final ? 'stop' : 'reconnect', lasting: false })

const open = (state: ConnectionState): Step => step(state, { phase: 'opening' }, { type: 'open' })
const greet = (state: ConnectionState): Step => step(state, { phase: 'greeting' }, { type: 'greet' })
// Pauses go on growing until the connection has lasted: a server that accepts and closes is not asked in a loop.
const settle = (state: ConnectionState): Step =>
  step(state, { phase: 'connected', failures: 0, fresh: false }, { type: 'ready' }, { type: 'pace' })

const leave: Cell<'goaway'> = (state, input) =>
  step(state, { phase: 'leaving', firm: true }, { type: 'wait', delayMs: input.delayMs })

/** The node closed before the delay that it asked for is over: the delay goes on. */
const awaitDelay: Cell<'lost'> = (state, input) =>
  input.verdict === 'stop'
    ? halt(state, 'verdict')
    : step(state, { phase: 'waiting', attempt: 0, fresh: input.verdict === 'refresh' }, drop)

const move = (state: ConnectionState): Step =>
  step(state, { phase: 'preparing', attempt: 0, firm: false }, drop, getToken(state.fresh))

// What failed while the platform had other things to do, or no network, tells nothing about now.
const forget = (state: ConnectionState): Step => step(state, { failures: 0 })
const noteOnline = (state: ConnectionState): Step => forget({ ...state, online: true })
const noteOffline = (state: ConnectionState): Step => step(state, { online: false })
const probeOnline = (state: ConnectionState): Step => step(state, { online: true }, probe)
const probeOffline = (state: ConnectionState): Step => step(state, { online: false }, probe)
const probeNow = (state: ConnectionState): Step => step(state, {}, probe)
const pace = (state: ConnectionState): Step => step(state, {}, { type: 'pace' })
const revive = (state: ConnectionState): Step => retry({ ...state, failures: 0 })
const hasten = (state: ConnectionState): Step => (state.firm ? forget(state) : revive(state))
const hastenOnline = (state: ConnectionState): Step => hasten({ ...state, online: true })
const retryOnline = (state: ConnectionState): Step => revive({ ...state, online: true })

const pause = (state: ConnectionState): Step =>
  state.firm ? noteOffline(state) : step(state, { phase: 'offline', online: false }, cancelWait, nowAndThen)

/** Until the page is back: `visible`. As hints may get lost, an attempt is made now and then. */
const sleep = (state: ConnectionState): Step =>
  step(state, { phase: 'offline', firm: false }, cancelWait, drop, nowAndThen)

const resting: Row = {
  connect: begin,
  disconnect: stay,
  reconnect: begin,
  token: stay,
  token_failed: stay,
  opened: stay,
  accepted: stay,
  lost: stay,
  goaway: stay,
  elapsed: stay,
  online: noteOnline,
  offline: noteOffline,
  visible: stay,
  hidden: stay,
  left: stay,
}
const trying: Row = {
  ...resting,
  connect: stay,
  disconnect: end,
  reconnect: restart,
  visible: forget,
  left: sleep,
}
const using: Row = { ...trying, online: probeOnline, offline: probeOffline, visible: probeNow, hidden: pace }

const table: { readonly [P in Phase]: Row } = {
  idle: resting,
  preparing: { ...trying, token: open, token_failed: tokenFailed },
  opening: { ...trying, opened: greet, lost: fail },
  greeting: { ...trying, accepted: settle, lost: fail },
  connected: { ...using, lost: fail, goaway: leave },
  leaving: { ...using, lost: awaitDelay, elapsed: move },
  waiting: { ...trying, elapsed: retry, online: hastenOnline, offline: pause, visible: hasten },
  offline: { ...trying, elapsed: retry, online: retryOnline, visible: revive, left: stay },
  stopped: { ...resting, disconnect: end },
}
