import { hash } from 'node:crypto'

/**
 * The epoch of a channel: unguessable without the store's seed, and known before the channel has its first event.
 * 11 characters hold 66 bits of SHA-256; a new seed gives every channel a new epoch.
 */
export function epochOf(seed: string, app: string, channel: string): string {
  return hash('sha256', `${seed}\0${app}\0${channel}`, 'base64url').slice(0, 11)
}
