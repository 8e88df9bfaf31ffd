import { type ChannelEvent, createClient, ParleyError, type Subscription } from '@parley/client'
import { loadConfig } from '../../config.ts'
import {
  type CliCommand,
  exitCodes,
  type Invocation,
  remoteExitCodes,
  remoteOptions,
  UsageError,
} from '../command.ts'
import { findServer, type Remote, unreachable } from '../remote.ts'
import { findSigner } from '../signing.ts'
import type { Terminal } from '../terminal.ts'

const tokenMs = 15 * 60 * 1000

/** Shows what goes on in a channel. */
export const tail: CliCommand = {
  name: 'tail',
  summary: 'Show the events of a channel as they come.',
  details:
    'Events come once and in order, over dropped connections and restarts of the server, until Ctrl-C. Without --token a\n' +
    'token is signed with a key of the configuration here: it lets its bearer read this one channel.',
  arguments: [{ name: 'channel', summary: 'the channel, as chat:general' }],
  options: [
    ...remoteOptions.filter(({ name }) => name !== 'key'),
    { name: 'recent', value: 'N', summary: 'The newest N events first. Default: 10.' },
    { name: 'count', value: 'N', summary: 'End after N events.' },
  ],
  examples: [
    ['parley tail chat:general', 'the newest ten, then what comes'],
    ['parley tail feed:news --recent 0 --json | jq .data', 'one line of JSON for each event'],
  ],
  exitCodes: remoteExitCodes,
  async run(invocation) {
    const [channel = ''] = invocation.words
    const recent = wholeNumber(invocation, 'recent') ?? 10
    const count = wholeNumber(invocation, 'count') ?? Number.POSITIVE_INFINITY
    const server = findServer(invocation)
    const getToken = await tokensFor(invocation, server, channel)
    await isThere(server)
    const client = createClient({
      ...{ url: server.url, getToken, name: 'parley tail' },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    try {
      const ended = follow(client, { channel, recent, count }, invocation)
      await client.connect()
      await Promise.race([ended, invocation.terminal.stopped()])
    } finally {
      client.disconnect()
    }
    return exitCodes.done
  },
}

function wholeNumber({ option }: Invocation, name: string): number | undefined {
  const text = option(name)
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new UsageError(`--${name} is a whole number, not \`${text}\`.`)
}

/** A client tries again and again; somebody at a terminal wants to know at once that nobody is there. */
async function isThere({ url }: Remote): Promise<void> {
  await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => {
    throw unreachable(url, error)
  })
}

async function tokensFor(invocation: Invocation, { credentials }: Remote, channel: string) {
  if (credentials?.kind === 'token') return () => Promise.resolve(credentials.token)
  const signer = await findSigner(loadConfig(invocation.sources))
  if (signer === undefined)
    throw new UsageError(
      'No key of the configuration here can sign a token. Give --token, with `read` on the channel.',
    )
  return () => {
    const issuedAt = Date.now()
    return signer.sign({
      user: 'parley-tail',
      issuedAt,
      expiresAt: issuedAt + tokenMs,
      capabilities: { [channel]: ['read'] },
    })
  }
}

interface Wanted {
  readonly channel: string
  readonly recent: number
  readonly count: number
}

/** Fulfilled after so many events, rejected when the server ends it. */
function follow(
  client: { subscribe: (channel: string, options: object) => Subscription },
  { channel, recent, count }: Wanted,
  { terminal, isJson }: Invocation,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count
    if (left <= 0) resolve()
    const subscription = client.subscribe(channel, {
      recent: Math.min(recent, 1_000),
      silent: true,
      onEvent(event: ChannelEvent) {
        if (left <= 0) return
        terminal.out(isJson ? JSON.stringify(event) : asLine(event))
        left -= 1
        if (left <= 0) resolve()
      },
      onUnrecovered: ({ reason }: { reason: string }) =>
        say(terminal, isJson, `Events are missing here: the channel no longer has them (${reason}).`),
      onDropped: ({ from, to, reason }: { from: number; to: number; reason: string }) =>
        say(terminal, isJson, `Events ${from + 1} to ${to} were shed by the server (${reason}).`),
      onUnsubscribed: ({ code, message }: { code: string; message: string }) =>
        reject(new ParleyError(code as 'forbidden', message)),
      onError: reject,
    })
    subscription.ready.then(
      ({ position }) =>
        say(terminal, isJson, `Listening to ${channel}, at offset ${position.offset}. Ctrl-C ends it.`),
      reject,
    )
  })
}

function say(terminal: Terminal, isJson: boolean, text: string): void {
  if (!isJson) terminal.err(text)
}

function asLine({ at, offset, type, by, data, redacted }: ChannelEvent): string {
  const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ')
  const words = redacted === true ? '(redacted)' : JSON.stringify(data)
  return `${time}  ${String(offset).padStart(6)}  ${type}  ${by === undefined ? '' : `${by}  `}${words}`
}
