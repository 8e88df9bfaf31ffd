import type { Connection, Count, Handshake, Message } from './connection.ts'

/** What the loader must know of a server's protocol. */
export interface Wire {
  readonly handshake: Handshake
  readonly binary?: boolean
  readonly count: Count
  /** Who publishes must be in the channel, and does not hear itself. Default: neither. */
  readonly isPublisherSubscribed?: true
  /** From the upgrade to a connection that may subscribe. */
  greet(connection: Connection, token: string): Promise<void>
  /** Fulfilled when the server has said that it knows. */
  subscribe(connection: Connection, channel: string): Promise<void>
  /** A message that publishes `data` (JSON); its ack, where asked for, carries `id`. */
  publish(channel: string, data: string, ack: { readonly id: number; readonly isWanted: boolean }): string
}

/** The beginning of a message as text, to show what went wrong. */
export function excerpt({ bytes, start, length, end }: Message): string {
  return bytes.toString('utf8', start, Math.min(end, start + Math.min(length, 300)))
}

/** The whole number in decimal digits at `at`. */
export function numberAt(bytes: Buffer, at: number): number {
  let value = 0
  for (let index = at; ; index++) {
    const digit = (bytes[index] as number) - 48
    if (!(digit >= 0 && digit <= 9)) return value
    value = value * 10 + digit
  }
}

/** Where the digits that begin at `at` end. */
export function digitsEnd(bytes: Buffer, at: number): number {
  let index = at
  while ((bytes[index] as number) >= 48 && (bytes[index] as number) <= 57) index += 1
  return index
}
