import { randomUUID } from 'node:crypto'
import { type CliCommand, exitCodes, remoteExitCodes, remoteOptions, UsageError } from '../command.ts'
import { findServer, jsonOrText } from '../remote.ts'

/** Publishes an event. */
export const publish: CliCommand = {
  name: 'publish',
  summary: 'Publish an event to a channel, and say where it went.',
  details: 'Answers when the event has its place: on disk in `durable` kinds.',
  arguments: [
    { name: 'channel', summary: 'the channel, as chat:general' },
    { name: 'data', summary: 'JSON, or a text; default: what is piped in', isOptional: true },
  ],
  options: [
    ...remoteOptions,
    { name: 'type', value: 'TYPE', summary: 'The type of the event. Default: `message`.' },
    { name: 'tag', value: 'NAME=VALUE', summary: 'A tag of the event, for filters.', isRepeated: true },
    {
      name: 'idempotency-key',
      value: 'KEY',
      summary: 'Makes it safe to run the command again. Default: a new one.',
    },
  ],
  examples: [
    [`parley publish chat:general '{"text":"Good morning"}'`, 'JSON'],
    ['parley publish feed:news "Doors open" --type headline', 'a text'],
    ['echo \'{"price":12}\' | parley publish prices:gold', 'what is piped in'],
  ],
  exitCodes: remoteExitCodes,
  async run(invocation) {
    const { words, option, all, isJson, terminal } = invocation
    const [channel = '', given] = words
    const text = given ?? (await terminal.input()).trim()
    if (text === '') throw new UsageError('There is nothing to publish: give DATA, or pipe it in.')
    const server = findServer(invocation)
    const tags = Object.fromEntries(all('tag').map(tagOf))
    const placed = (await server.ask(`/api/channels/${encodeURIComponent(channel)}/events`, {
      method: 'POST',
      body: {
        ...{ type: option('type') ?? 'message', data: jsonOrText(text) },
        ...(Object.keys(tags).length === 0 ? {} : { tags }),
      },
      key: option('idempotency-key') ?? randomUUID(),
    })) as { readonly id: string; readonly offset: number }
    terminal.out(isJson ? JSON.stringify(placed) : `Published to ${channel} at offset ${placed.offset}.`)
    return exitCodes.done
  },
}

function tagOf(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new UsageError(`\`${text}\` is not NAME=VALUE.`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}
