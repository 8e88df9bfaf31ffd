import type { Http, HttpRoute, Node } from '@parley/kernel'
import { implement, Registry } from '@parley/kernel'
import { command, defineContract } from '@parley/protocol'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { openApiDocument } from './openapi/document.ts'
import { mountOpenApi } from './openapi.ts'

interface Folder {
  name: string
  folders: Folder[]
}
const folder: z.ZodType<Folder> = z.object({ name: z.string(), folders: z.array(z.lazy(() => folder)) })
const thing = z
  .object({ id: z.string(), price: z.number().positive(), size: z.int().default(1) })
  .meta({ id: 'Thing' })

const contract = defineContract({
  name: 'shop',
  summary: 'A shop & <more>.',
  commands: {
    search: command({
      summary: 'Find things.',
      description: 'Slowly.\n\nBut surely.',
      input: z.strictObject({
        shelf: z.string().max(200).meta({ description: 'Where.' }),
        limit: z.int().min(1).default(10),
        note: z.string().nullable().optional(),
        where: z.object({ price: z.number() }).optional(),
        kinds: z.array(z.enum(['new', 'old'])).optional(),
      }),
      output: z.object({ things: z.array(thing), tree: folder, next: z.string().nullable() }),
      permission: { action: 'read', channel: 'shelf' },
      rest: 'GET /shelves/{shelf}/things',
      readOnly: true,
      example: { shelf: 'top', limit: 5 },
    }),
    put: command({
      summary: 'Put a thing.',
      input: z.strictObject({
        shelf: z.string(),
        thing,
        pair: z.tuple([z.string(), z.number()]).optional(),
        name: z
          .string()
          .meta({ examples: ['Ada </script>'] })
          .optional(),
        nothing: z.null().optional(),
        at: z.date().optional(),
      }),
      output: z.undefined(),
      permission: { action: 'write' },
      rest: 'PUT /shelves/{shelf}',
      flag: 'caching',
      errors: { 'shop.shelf_full': 'The shelf is full. Take something away.' },
      example: { shelf: 'top', thing: { id: 'a', price: 1 } },
    }),
    empty: command({
      summary: 'Empty it.',
      input: z.strictObject({ shelf: z.string() }),
      output: z.object({ done: z.boolean() }),
      permission: 'anyone',
      rest: 'POST /shelves/{shelf}/empty',
    }),
    touch: command({
      summary: 'Touch it.',
      input: z.strictObject({ shelf: z.string() }),
      output: z.object({}),
      permission: 'anyone',
      rest: 'POST /shelves/{shelf}/touch',
      ephemeral: true,
    }),
    enter: command({
      summary: 'Enter.',
      input: z.union([z.object({ name: z.string() }), folder]),
      output: z.object({}),
      permission: 'public',
      rest: 'POST /enter',
    }),
    arrange: command({
      summary: 'Arrange.',
      input: folder as never,
      output: folder as never,
      permission: 'anyone',
      rest: 'POST /arrange',
    }),
  },
  events: {},
})

const nothing = () => undefined
const commands = ['search', 'put', 'empty', 'touch', 'enter', 'arrange']
const handlers = Object.fromEntries(commands.map((name) => [name, nothing]))
const registry = new Registry([implement(contract as never, { handlers: handlers as never })])
const options = { version: '1.2.3' }

async function served(path: string): Promise<{ type: string; text: string }> {
  const routes = new Map<string, HttpRoute>()
  const http: Http = { route: (route) => void routes.set(route.path, route), files: nothing, stream: nothing }
  mountOpenApi(http, { registry } as Pick<Node, 'registry'>, options)
  const route = routes.get(path)
  const answer = await route?.handler({} as never)
  return { type: answer?.headers?.['content-type'] ?? '', text: String(answer?.body) }
}

describe('the documents are valid', () => {
  const referenceProblems = (document: unknown) => {
    const text = JSON.stringify(document)
    const at = (pointer: string) =>
      pointer
        .slice(2)
        .split('/')
        .reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], document)
    return [...text.matchAll(/"\$ref":"([^"]+)"/g)]
      .map((match) => match[1] as string)
      .filter((pointer) => at(pointer) === undefined)
  }

  test('3.1 as JSON', async () => {
    const { type, text } = await served('/openapi.json')
    expect(type).toBe('application/json; charset=utf-8')
    const document = JSON.parse(text)
    expect(await new Validator().validate(document)).toEqual({ valid: true })
    expect(document.openapi).toBe('3.1.1')
    expect(referenceProblems(document)).toEqual([])
  })

  test('3.0.3 as YAML', async () => {
    const { type, text } = await served('/openapi.yaml')
    expect(type).toBe('application/yaml; charset=utf-8')
    const document = parse(text)
    expect(await new Validator().validate(document)).toEqual({ valid: true })
    expect(document.openapi).toBe('3.0.3')
    expect(referenceProblems(document)).toEqual([])
    expect(text).not.toMatch(/exclusiveMinimum: 0|prefixItems|\$defs|type: "?null|const:/)
  })
})

describe('an operation', () => {
  const document = openApiDocument(registry, options)
  const { schemas } = document.components

  test('has the parameters of path and query, with descriptions and examples', () => {
    const { get } = document.paths['/shelves/{shelf}/things'] ?? {}
    expect(get).toMatchObject({ operationId: 'shop.search', tags: ['shop'], summary: 'Find things.' })
    expect(get?.description).toContain('Needs `read` on the channel in `shelf`. Rate class `read`.')
    expect(get?.parameters).toEqual([
      {
        name: 'shelf',
        in: 'path',
        required: true,
        description: 'Where.',
        schema: { type: 'string', maxLength: 200 },
        example: 'top',
      },
      expect.objectContaining({ name: 'limit', in: 'query', required: false, example: 5 }),
      expect.objectContaining({ name: 'note', schema: { type: ['string', 'null'] } }),
      expect.objectContaining({
        name: 'where',
        content: { 'application/json': { schema: expect.objectContaining({ type: 'object' }) } },
      }),
      expect.objectContaining({
        name: 'kinds',
        schema: { type: 'array', items: { type: 'string', enum: ['new', 'old'] } },
      }),
    ])
    expect(get).not.toHaveProperty('requestBody')
  })

  test('has a body of what the path does not carry, and takes an idempotency key', () => {
    const { put } = document.paths['/shelves/{shelf}'] ?? {}
    const body = put?.requestBody?.content['application/json']
    expect(Object.keys(body?.schema.properties ?? {})).toEqual(['thing', 'pair', 'name', 'nothing', 'at'])
    expect(body?.schema.required).toEqual(['thing'])
    expect(body?.example).toEqual({ thing: { id: 'a', price: 1 } })
    expect(put?.parameters.at(-1)).toEqual({ $ref: '#/components/parameters/IdempotencyKey' })
    expect(put?.description).toContain('`caching`')
    expect(document.paths['/shelves/{shelf}/empty']?.post).not.toHaveProperty('requestBody')
    const touch = document.paths['/shelves/{shelf}/touch']?.post
    expect(touch?.parameters).toHaveLength(1)
    expect(JSON.stringify(touch?.responses)).not.toContain('idempotency')
  })

  test('names its errors by status, its own among them', () => {
    const responses = document.paths['/shelves/{shelf}']?.put?.responses ?? {}
    const of = (status: string) =>
      (responses[status] as { description: string; headers?: unknown }).description
    expect(of('409')).toContain('`shop.shelf_full`: The shelf is full.')
    expect(of('422')).toContain('`idempotency_mismatch`')
    expect(of('403')).toContain('`disabled`')
    expect(responses['429']).toMatchObject({ headers: { 'Retry-After': expect.anything() } })
    expect(Object.keys(document.paths['/enter']?.post?.responses ?? {})).not.toContain('401')
  })

  test('says which credentials it takes', () => {
    expect(document.paths['/enter']?.post?.security).toEqual([])
    expect(document.paths['/arrange']?.post?.security.map((way) => Object.keys(way)[0])).toEqual([
      'token',
      'appKey',
      'appKeyHeader',
    ])
  })

  test('named and recursive schemas are components; answers may gain fields', () => {
    expect(schemas.Thing?.properties).toHaveProperty('price')
    // Input and output of a named schema differ where there are defaults.
    expect([schemas.Thing?.required, schemas['shop.put.input.Thing']?.required]).toEqual([
      ['id', 'price', 'size'],
      ['id', 'price'],
    ])
    expect(schemas['shop.arrange.input']).toMatchObject({
      properties: { folders: { items: { $ref: '#/components/schemas/shop.arrange.input' } } },
    })
    const answers = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ responses }) => responses['200']),
    )
    expect(JSON.stringify(answers)).not.toContain('"additionalProperties":false')
  })

  test('what JSON cannot describe is left open', () => {
    const { put } = document.paths['/shelves/{shelf}'] ?? {}
    expect(put?.requestBody?.content['application/json']?.schema.properties?.at).toEqual({})
  })
})

describe('the page', () => {
  test('lists every operation, escapes what it shows, loads nothing from elsewhere', async () => {
    const { type, text } = await served('/docs/api')
    expect(type).toBe('text/html; charset=utf-8')
    for (const { name } of registry.commands()) expect(text).toContain(`id="${name}"`)
    expect(text).toContain('A shop &amp; &lt;more&gt;.')
    expect(text).not.toContain('Ada </script>')
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(text.match(/<script[^>]*>/g)).toEqual(['<script src="/docs/api/page.js" defer>'])
  })

  test('its script is a program of its own', async () => {
    const { type, text } = await served('/docs/api/page.js')
    expect(type).toBe('text/javascript; charset=utf-8')
    expect(() => new Function(text)).not.toThrow()
    expect(text).not.toMatch(/import|__vi/)
  })
})
