import { randomUUID } from 'node:crypto'
import type { OpenApiDocument } from '@parley/gateway'
import { suggestion } from '../../config/shape.ts'
import { type CliCommand, exitCodes, remoteExitCodes, remoteOptions, UsageError } from '../command.ts'
import { findServer, type Remote } from '../remote.ts'

/** Calls any command of the server. */
export const call: CliCommand = {
  name: 'call',
  summary: 'Call a command of the server, and print its answer as JSON.',
  details: '`parley contracts` lists the commands and what they take.',
  arguments: [
    { name: 'command', summary: 'the command, as channels.history' },
    { name: 'input', summary: 'its input as JSON; default: what is piped in, or {}', isOptional: true },
  ],
  options: [
    ...remoteOptions,
    {
      name: 'idempotency-key',
      value: 'KEY',
      summary: 'Makes it safe to run the command again. Default: a new one.',
    },
  ],
  examples: [
    [`parley call channels.history '{"channel":"chat:general","limit":10}'`, 'the newest ten events'],
    ['parley call auth.whoami', 'as whom the server sees you'],
    [`parley call auth.revoke '{"user":"ada","reason":"laptop lost"}'`, 'end all sessions of a user'],
  ],
  exitCodes: remoteExitCodes,
  async run(invocation) {
    const { words, option, isJson, terminal } = invocation
    const [name = '', given] = words
    const input = inputOf(given ?? (await terminal.input()))
    const server = findServer(invocation)
    const { method, path, rest } = await findRoute(server, name, input)
    const inQuery = method === 'GET' || method === 'DELETE'
    const answer = await server.ask(`/api${path}${inQuery ? queryOf(rest) : ''}`, {
      method,
      ...(inQuery ? {} : { body: rest }),
      ...(method === 'GET' ? {} : { key: option('idempotency-key') ?? randomUUID() }),
    })
    terminal.out(JSON.stringify(answer, undefined, isJson ? 0 : 2))
    return exitCodes.done
  },
}

type Input = Readonly<Record<string, unknown>>

function inputOf(text: string): Input {
  if (text.trim() === '') return {}
  try {
    const input: unknown = JSON.parse(text)
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input
  } catch {
    // The message below says what is expected.
  }
  throw new UsageError(`The input is a JSON object, as {"channel":"chat:general"}; got ${text.slice(0, 60)}`)
}

/** Where the server offers a command, by its own description. */
async function findRoute(server: Remote, name: string, input: Input) {
  const { paths } = (await server.ask('/openapi.json')) as OpenApiDocument
  const names: string[] = []
  for (const [template, methods] of Object.entries(paths))
    for (const [method, { operationId }] of Object.entries(methods)) {
      if (operationId === name) return { method: method.toUpperCase(), ...fill(template, input) }
      names.push(operationId)
    }
  const meant = suggestion(name, names)
  const hint = meant === undefined ? '.' : `; did you mean \`${meant}\`?`
  throw new UsageError(
    `The server at ${server.url} has no command \`${name}\`${hint} \`parley contracts\` lists them.`,
  )
}

/** Puts fields of an input into the path, and answers the others. */
function fill(template: string, input: Input): { readonly path: string; readonly rest: Input } {
  const rest: Record<string, unknown> = { ...input }
  const path = template.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field]
    if (value === undefined) throw new UsageError(`The input lacks \`${field}\`.`)
    delete rest[field]
    return encodeURIComponent(String(value))
  })
  return { path, rest }
}

function queryOf(fields: Input): string {
  const query = new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
  return query.size === 0 ? '' : `?${query}`
}
