import type { ClientFrame, ServerFrame } from './frames.ts'

/**
 * The JSON codec (`parley.v1.json`). A message is UTF-8 text with one frame, or several separated by a line feed
 * (which JSON never contains unescaped). Empty lines are ignored.
 */

/** Deepest nesting accepted in a frame; deeper input is refused before anything else looks at it. */
export const maxJsonDepth = 64

/** Most frames accepted in one message. */
export const maxFramesPerMessage = 256

/** Why a frame was refused. */
export interface DecodeFailure {
  /** The frame's `id` where it could be read, so that the error can be answered to the call that caused it. */
  readonly id: number | undefined
  readonly problem: string
}

/** A frame of the right form, or the reason why it is none. */
export type Decoded = { readonly frame: ClientFrame } | { readonly failure: DecodeFailure }

/** The text of one frame. It holds no line feed, so that frames can be joined with one. */
export function encodeFrame(frame: ServerFrame | ClientFrame): string {
  return JSON.stringify(frame)
}

/**
 * Splits a message into frames and checks their form by hand (this runs for every message a client sends). Never
 * throws: each frame is there or has a failure in its place. A message with too many frames is one failure, and none
 * of its frames counts.
 */
export function decodeClientMessage(text: string): Decoded[] {
  if (!text.includes('\n')) return text === '' ? [] : [decodeClientFrame(text)]
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length > maxFramesPerMessage)
    return [fail(undefined, `A message holds at most ${maxFramesPerMessage} frames.`)]
  return lines.map(decodeClientFrame)
}

/**
 * Decodes what a server sends. Frames with an unknown `op` are left out, as later servers may send more. The fields are
 * not checked: a client trusts the server that it chose.
 *
 * @throws SyntaxError when a line is not JSON
 */
export function decodeServerMessage(text: string): ServerFrame[] {
  const frames: ServerFrame[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && serverOps.has((value as { op?: unknown }).op))
      frames.push(value as ServerFrame)
  }
  return frames
}

const serverOps = new Set<unknown>([
  'reply',
  'events',
  'state',
  'occupancy',
  'dropped',
  'unsubscribed',
  'subscribed',
  'goaway',
  'expiring',
  'error',
  'ping',
  'pong',
  'chunk',
])

/** Decodes one frame and checks its form; never throws. Fields that this version does not know are let through. */
export function decodeClientFrame(text: string): Decoded {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail(undefined, 'The frame is not valid JSON.')
  }
  if (!isObject(value)) return fail(undefined, 'A frame is a JSON object.')
  const id = isId(value.id) ? value.id : undefined
  const check = typeof value.op === 'string' && Object.hasOwn(checks, value.op) ? checks[value.op] : undefined
  if (check === undefined) return fail(id, `\`op\` is one of: ${Object.keys(checks).join(', ')}.`)
  if (exceedsDepth(value, maxJsonDepth)) return fail(id, `A frame is at most ${maxJsonDepth} levels deep.`)
  const problem = check(value)
  return problem === undefined ? { frame: value as unknown as ClientFrame } : fail(id, problem)
}

type Fields = Readonly<Record<string, unknown>>

function fail(id: number | undefined, problem: string): Decoded {
  return { failure: { id, problem } }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.length <= max
const isOptional = (value: unknown, test: (value: unknown) => boolean): boolean =>
  value === undefined || test(value)
const isFlag = (value: unknown): boolean => typeof value === 'boolean'

/** Tells whether a parsed value nests deeper than `max`; looks no deeper than that itself. */
export function exceedsDepth(value: object, max: number): boolean {
  if (max === 0) return true
  if (Array.isArray(value)) {
    for (const child of value)
      if (typeof child === 'object' && child !== null && exceedsDepth(child, max - 1)) return true
    return false
  }
  for (const key in value) {
    const child = (value as Fields)[key]
    if (typeof child === 'object' && child !== null && exceedsDepth(child, max - 1)) return true
  }
  return false
}

const needsId = 'A frame of this kind has an `id`: a whole number above 0.'
const needsChannel = '`channel` is a text of at most 200 characters.'
const pingIntervalProblem = '`pingIntervalMs` is a whole number from 0.'

function channelProblem(frame: Fields): string | undefined {
  if (!isId(frame.id)) return needsId
  return isText(frame.channel, 200) ? undefined : needsChannel
}

/** A check per `op`: undefined when the frame is well formed, else a sentence. */
const checks: Readonly<Record<string, (frame: Fields) => string | undefined>> = {
  connect(frame) {
    if (!isId(frame.id)) return needsId
    if (!isOptional(frame.token, (token) => isText(token, 8192)))
      return '`token` is a text of at most 8192 characters.'
    if (!isOptional(frame.versions, isVersions)) return '`versions` is a list of at most 16 whole numbers.'
    if (!isOptional(frame.client, isClientInfo))
      return '`client` has `name` and `version` (at most 100 characters), and `device`: an id, or `id`, `name` and `kind`.'
    if (!isOptional(frame.topics, isTopics)) return '`topics` is a list of at most 100 names of channels.'
    if (!isOptional(frame.pingIntervalMs, isCount)) return pingIntervalProblem
    return isOptional(frame.resume, isResume) ? undefined : '`resume` has `session` and `secret`.'
  },
  subscribe(frame) {
    const problem = channelProblem(frame)
    if (problem !== undefined) return problem
    if (!isOptional(frame.from, isPosition))
      return '`from` has `epoch` (text) and `offset` (whole number from 0).'
    if (!isOptional(frame.filter, isObject)) return '`filter` is an object.'
    if (!isOptional(frame.recent, isCount)) return '`recent` is a whole number from 0.'
    return [frame.state, frame.occupancy, frame.silent].every((flag) => isOptional(flag, isFlag))
      ? undefined
      : '`state`, `occupancy` and `silent` are true or false.'
  },
  unsubscribe: channelProblem,
  call(frame) {
    if (!isId(frame.id)) return needsId
    if (!isText(frame.command, 100)) return '`command` is a text of at most 100 characters.'
    if (!isOptional(frame.key, isKey)) return '`key` is a text of 1 to 128 characters.'
    return isOptional(frame.fence, isCount) ? undefined : '`fence` is a whole number from 0.'
  },
  refresh(frame) {
    if (!isId(frame.id)) return needsId
    return isText(frame.token, 8192) ? undefined : '`token` is a text of at most 8192 characters.'
  },
  set(frame) {
    return (
      channelProblem(frame) ??
      (isText(frame.name, 64) && frame.name !== '' ? undefined : '`name` is a text of 1 to 64 characters.')
    )
  },
  state(frame) {
    return (
      channelProblem(frame) ??
      (isOptional(frame.after, (after) => isText(after, 512)) ? undefined : '`after` is a cursor.')
    )
  },
  ping: (frame) => (isOptional(frame.pingIntervalMs, isCount) ? undefined : pingIntervalProblem),
  pong: () => undefined,
  chunk(frame) {
    if (!isId(frame.of) || !isCount(frame.index)) return '`of` and `index` are whole numbers.'
    return typeof frame.data === 'string' ? undefined : '`data` is a text.'
  },
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isKey(value: unknown): boolean {
  return isText(value, 128) && value !== ''
}

function isVersions(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 16 && value.every((item) => Number.isSafeInteger(item))
}

function isTopics(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 100 && value.every((item) => isText(item, 200))
}

function isClientInfo(value: unknown): boolean {
  if (!isObject(value)) return false
  const { name, version, device } = value
  return (
    [name, version].every((item) => isOptional(item, (text) => isText(text, 100))) &&
    isOptional(device, (given) => isText(given, 100) || isDevice(given))
  )
}

function isDevice(value: unknown): boolean {
  if (!isObject(value) || !isText(value.id, 64) || value.id === '') return false
  return (
    isOptional(value.name, (name) => isText(name, 100)) && isOptional(value.kind, (kind) => isText(kind, 32))
  )
}

function isResume(value: unknown): boolean {
  return isObject(value) && isText(value.session, 64) && isText(value.secret, 64)
}

function isPosition(value: unknown): boolean {
  return isObject(value) && isText(value.epoch, 64) && isCount(value.offset)
}
