import specifications from '@asyncapi/specs'
import type { Http, HttpRoute, Node } from '@parley/kernel'
import { implement, Registry } from '@parley/kernel'
import { command, defineContract, event } from '@parley/protocol'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { asyncApiDocument } from './asyncapi/document.ts'
import { mountAsyncApi } from './asyncapi.ts'

const thing = z.object({ id: z.string(), price: z.number() }).meta({ id: 'Thing' })

const contract = defineContract({
  name: 'shop',
  summary: 'A shop.',
  commands: {
    put: command({
      summary: 'Put a thing on a shelf.',
      description: 'It stays there.',
      input: z.strictObject({ shelf: z.string(), thing }),
      output: z.object({ things: z.array(thing) }),
      permission: { action: 'write', channel: 'shelf' },
      rest: 'PUT /shelves/{shelf}',
      example: { shelf: 'top', thing: { id: 'a', price: 1 } },
    }),
    ask: command({
      summary: 'Ask.',
      input: z.strictObject({}),
      output: z.undefined(),
      permission: 'public',
      rest: 'GET /ask',
      readOnly: true,
    }),
  },
  events: { 'shop.filled': event('A shelf is full.', z.object({ thing })) },
})

const module = implement(contract, { handlers: { put: () => ({ things: [] }), ask: () => undefined } })
const registry = new Registry([module])

/** What the published JSON Schema of AsyncAPI 3.0 finds wrong. */
function problemsOf(document: unknown): readonly unknown[] {
  const { $schema: _, ...schema } = specifications.schemasWithoutId['3.0.0'] as Record<string, unknown>
  const ajv = new Ajv({ strict: false, logger: false, validateFormats: false })
  return ajv.validate(schema, document) ? [] : (ajv.errors ?? [])
}

test('the document is valid AsyncAPI 3.0', () => {
  const document = asyncApiDocument(registry, { version: '1.2.3' })
  expect(problemsOf(document)).toEqual([])
  expect(problemsOf({ ...document, channels: { bad: { address: 7 } } })).not.toEqual([])
})

test('a command is a call with its answer, an event a message of a channel', () => {
  const { channels, operations, components } = asyncApiDocument(registry, { version: '1', path: '/ws' })
  expect(channels.connection?.address).toBe('/ws')
  expect(channels.connection?.messages['shop.put']).toMatchObject({
    title: 'Put a thing on a shelf.',
    payload: { properties: { command: { const: 'shop.put' } } },
    examples: [{ payload: { op: 'call', command: 'shop.put', input: { shelf: 'top' } } }],
  })
  expect(operations['shop.put']).toMatchObject({
    action: 'receive',
    description: 'It stays there.\n\nNeeds `write` on the channel in `shelf`.',
    reply: { messages: [{ $ref: '#/channels/connection/messages/shop.put.reply' }] },
  })
  expect(operations['events.shop.filled']).toMatchObject({ action: 'send' })
  expect(channels.channel?.messages['shop.filled']).toMatchObject({
    payload: { properties: { type: { const: 'shop.filled' } } },
  })
  expect(components).toMatchObject({ schemas: { Thing: { type: 'object' }, Error: {} } })
})

test('it is served', async () => {
  const routes: HttpRoute[] = []
  const http = { route: (route: HttpRoute) => void routes.push(route) } as unknown as Http
  mountAsyncApi(http, { registry } as unknown as Node, { version: '1' })
  const answer = await routes[0]!.handler({} as never)
  expect([routes[0]!.path, answer.status]).toEqual(['/asyncapi.json', 200])
  expect(JSON.parse(answer.body as string)).toMatchObject({ asyncapi: '3.0.0' })
})
