import { z } from 'zod'
import { ConfigurationError } from '../config/check.ts'

/** Settings of a {@link RealtimeManager}; times in ms, sizes in bytes. */
export interface RealtimeManagerOptions {
  /** One more is refused; default 1,000. */
  readonly maxConnections?: number
  /** How often a connection is asked whether it is there; default 30,000. */
  readonly heartbeatInterval?: number
  /** How long its answer may take; default 5,000. */
  readonly pingTimeout?: number
  /** How often a client is told to try again after it was cut off; default 5. */
  readonly maxReconnectAttempts?: number
  /** The pause that it is told to begin with; default 1,000. */
  readonly reconnectDelay?: number
  /** Messages of a room that are kept for connections which read slowly; default 100. */
  readonly messageBufferSize?: number
  /** Largest message, in both directions; default 1,048,576. */
  readonly maxMessageSize?: number
  /** What one connection may send; default 10. */
  readonly rateLimitPerSecond?: number
  /** Whether messages above 1 KiB are compressed where the connection can do it; default true. */
  readonly enableCompression?: boolean
  /** Whether messages that come close together leave as one; default false. */
  readonly enableBatching?: boolean
  /** How long a message waits for others at most; default 100. */
  readonly batchInterval?: number
  /** As many leave at once; default 10. */
  readonly batchSize?: number
}

const whole = (least: number, most: number, fallback: number) =>
  z
    .int(`expected a whole number from ${least} to ${most}`)
    .min(least, `expected at least ${least}`)
    .max(most, `expected at most ${most}`)
    .default(fallback)
const flag = (fallback: boolean) => z.boolean('expected true or false').default(fallback)
const hour = 3_600_000

const schema = z.strictObject({
  maxConnections: whole(1, 1_000_000, 1_000),
  heartbeatInterval: whole(100, hour, 30_000),
  pingTimeout: whole(50, hour, 5_000),
  maxReconnectAttempts: whole(0, 1_000, 5),
  reconnectDelay: whole(0, hour, 1_000),
  messageBufferSize: whole(1, 100_000, 100),
  maxMessageSize: whole(1, 64 * 1024 * 1024, 1_048_576),
  rateLimitPerSecond: whole(1, 1_000_000, 10),
  enableCompression: flag(true),
  enableBatching: flag(false),
  batchInterval: whole(1, 60_000, 100),
  batchSize: whole(1, 10_000, 10),
})

export type ManagerSettings = z.output<typeof schema>

const source = 'options of RealtimeManager'

/**
 * Fills defaults in.
 *
 * @throws ConfigurationError that names every mistake
 */
export function managerSettings(options: RealtimeManagerOptions): ManagerSettings {
  const parsed = schema.safeParse(options)
  if (!parsed.success)
    throw new ConfigurationError(
      parsed.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({
              key,
              problem: `unknown key; there are ${Object.keys(schema.shape).join(', ')}`,
              source,
            }))
          : [{ key: issue.path.join('.'), problem: issue.message, source }],
      ),
    )
  const { heartbeatInterval, pingTimeout } = parsed.data
  if (pingTimeout < heartbeatInterval) return parsed.data
  const problem = `expected less than heartbeatInterval, which is ${heartbeatInterval}: the answer is due before the next ping`
  throw new ConfigurationError([{ key: 'pingTimeout', problem, source }])
}
