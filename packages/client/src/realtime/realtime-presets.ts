import { RealtimeClient } from './realtime-client.ts'
import type { RealtimeMessages } from './realtime-message.ts'
import type { RealtimeClientOptions } from './realtime-options.ts'

/** Beside what a preset sets. What is said here counts more. */
export type PresetOptions = Omit<RealtimeClientOptions, 'url'>

function preset(settings: PresetOptions) {
  return <Messages extends object = RealtimeMessages>(baseUrl: string, options: PresetOptions = {}) => ({
    client: new RealtimeClient<Messages>({ ...settings, ...options, url: baseUrl }),
  })
}

/** Clients as certain applications need them, each as `{ client }`. */
export const REALTIME_PRESETS = {
  /** Conversation: messages go at once, by whatever gets through. */
  CHAT: preset({}),
  /** Working together on one thing: a dead connection is noticed within 15 s. */
  COLLABORATION: preset({ heartbeatInterval: 10_000 }),
  /** Figures and notifications that are mostly read: server-sent events first. */
  DASHBOARD: preset({ connectionType: 'sse', fallbackTypes: ['polling'] }),
  /** Phones: small messages go together, and heartbeats are rare. */
  MOBILE: preset({ enableBatching: true, heartbeatInterval: 60_000 }),
  /** Services that should come back by themselves: twice as many attempts. */
  RECOVERY: preset({ maxReconnectAttempts: 10 }),
} as const
