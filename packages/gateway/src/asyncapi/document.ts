import type { RegisteredCommand, RegisteredEvent, Registry } from '@parley/kernel'
import { type JsonSchema, jsonSchemaOf } from '@parley/protocol'
import { Components } from '../openapi/components.ts'
import { errorSchema } from '../openapi/responses.ts'
import { needsOf } from '../reference/command-reference.ts'

export interface AsyncApiOptions {
  /** Version of the server. */
  readonly version: string
  readonly title?: string
  /** Where connections are made; default `/realtime`. */
  readonly path?: string
}

/** An AsyncAPI document, as far as it is looked into here. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0'
  readonly info: Readonly<Record<string, unknown>>
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, unknown>>
  readonly [part: string]: unknown
}

interface Channel {
  readonly address: string
  readonly messages: Readonly<Record<string, unknown>>
  readonly [part: string]: unknown
}

const description = `What goes over a connection: calls of commands with their answers, and the events of channels.

Every frame is one JSON object, and its form is the same on every transport; the protocol page of the documentation
describes all of them. An event of a channel comes inside a frame \`events\`, each once and in order.`

/** Makes the document from what the registry offers. Form: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function asyncApiDocument(
  registry: Pick<Registry, 'commands' | 'events' | 'modules'>,
  options: AsyncApiOptions,
): AsyncApiDocument {
  const components = new Components('draft-2020-12')
  components.add('Error', errorSchema)
  const calls = registry.commands().map((command) => callOf(command, components))
  const events = registry.events().map((event) => eventOf(event, components))
  return {
    asyncapi: '3.0.0',
    info: {
      title: options.title ?? 'Parley',
      version: options.version,
      description,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: registry.modules.map(({ contract }) => ({ name: contract.name, description: contract.summary })),
    },
    defaultContentType: 'application/json',
    channels: {
      connection: {
        address: options.path ?? '/realtime',
        description: 'A connection: calls from the client, answers from the server.',
        messages: Object.fromEntries(
          calls.flatMap(({ name, call, answer }) => [
            [name, call],
            [`${name}.reply`, answer],
          ]),
        ),
      },
      channel: {
        address: '{channel}',
        description: 'A channel that a client has subscribed to.',
        parameters: { channel: { description: 'Kind and id.', examples: ['chat:general'] } },
        messages: Object.fromEntries(events.map(({ type, message }) => [type, message])),
      },
    },
    operations: Object.fromEntries([
      ...calls.map(({ name, operation }) => [name, operation]),
      ...events.map(({ type, operation }) => [`events.${type}`, operation]),
    ]),
    components: { schemas: components.list() },
  }
}

function callOf({ name, module, contract }: RegisteredCommand, components: Components) {
  const input = components.place(jsonSchemaOf(contract.input, 'input', 'draft-2020-12'), `${name}.input`)
  const output = components.place(jsonSchemaOf(contract.output, 'output', 'draft-2020-12'), `${name}.output`)
  const example = { op: 'call', id: 1, command: name, input: contract.example }
  return {
    name,
    call: {
      name,
      title: contract.summary,
      payload: callFrame(name, input),
      ...(contract.example === undefined ? {} : { examples: [{ name: 'example', payload: example }] }),
    },
    answer: { name: `${name}.reply`, title: `The answer to ${name}.`, payload: replyFrame(output) },
    operation: {
      action: 'receive',
      channel: { $ref: '#/channels/connection' },
      summary: contract.summary,
      description: [contract.description, needsOf(contract.permission)].filter(Boolean).join('\n\n'),
      tags: [{ name: module }],
      messages: [{ $ref: `#/channels/connection/messages/${name}` }],
      reply: {
        channel: { $ref: '#/channels/connection' },
        messages: [{ $ref: `#/channels/connection/messages/${name}.reply` }],
      },
    },
  }
}

function eventOf({ type, module, contract }: RegisteredEvent, components: Components) {
  const data = components.place(jsonSchemaOf(contract.data, 'output', 'draft-2020-12'), `${type}.data`)
  return {
    type,
    message: { name: type, title: contract.summary, payload: eventForm(type, data) },
    operation: {
      action: 'send',
      channel: { $ref: '#/channels/channel' },
      summary: contract.summary,
      tags: [{ name: module }],
      messages: [{ $ref: `#/channels/channel/messages/${type}` }],
    },
  }
}

function callFrame(command: string, input: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['op', 'id', 'command'],
    properties: {
      op: { const: 'call' },
      id: { type: 'integer', minimum: 1, description: 'The answer carries the same number.' },
      command: { const: command },
      input,
      key: {
        type: 'string',
        description: 'Idempotency key: repeating the call with it has no second effect.',
      },
    },
  }
}

function replyFrame(output: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['op', 'id'],
    properties: {
      op: { const: 'reply' },
      id: { type: 'integer', minimum: 1 },
      ok: output,
      error: { $ref: '#/components/schemas/Error' },
    },
  }
}

function eventForm(type: string, data: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['type', 'data'],
    properties: {
      id: { type: 'string' },
      type: { const: type },
      data,
      offset: {
        type: 'integer',
        description: 'Place in the channel; left out where it follows from the one before.',
      },
      at: { type: 'integer', description: 'Milliseconds since 1970.' },
      by: { type: 'string', description: 'The user who caused it.' },
      tags: { type: 'object', additionalProperties: { type: 'string' } },
      redacted: { const: true },
    },
  }
}
