/** Why a connection is closed, or a request refused: https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol */
export const codes = {
  noSuchApp: 4001,
  appDisabled: 4003,
  tooManyConnections: 4004,
  pathNotFound: 4005,
  noProtocol: 4008,
  wrongProtocol: 4007,
  unauthorized: 4009,
  overCapacity: 4100,
  reconnect: 4200,
  noPong: 4201,
  rejected: 4301,
} as const

/** The largest message of a client: an event of 10 kB with what stands around it, and `channel_data`. */
export const maxMessageBytes = 65_536
/** The largest data of an event, in bytes of what the publisher gives. */
export const maxDataBytes = 10_240

/** A message of the server; data is JSON within JSON, as Pusher has it. */
export function encodeMessage(
  event: string,
  data: unknown,
  more: { readonly channel?: string; readonly user_id?: string } = {},
): string {
  return JSON.stringify({ event, ...more, data: typeof data === 'string' ? data : JSON.stringify(data) })
}

/** A message of a client. */
export interface ClientMessage {
  readonly event: string
  readonly channel: string | undefined
  readonly data: unknown
}

/** Undefined for what is none. */
export function decodeMessage(text: string): ClientMessage | undefined {
  try {
    const { event, channel, data } = JSON.parse(text) as Record<string, unknown>
    if (typeof event !== 'string') return undefined
    return { event, channel: typeof channel === 'string' ? channel : undefined, data }
  } catch {
    return undefined
  }
}

/** The fields of what a client says about itself: an object, or JSON of one. */
export function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data === 'string') {
    try {
      return fieldsOf(JSON.parse(data) as object)
    } catch {
      return {}
    }
  }
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}
