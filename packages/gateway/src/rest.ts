import type { Http, HttpRequest, HttpResponse, Identity, Node, RegisteredCommand } from '@parley/kernel'
import {
  type CommandContract,
  exceedsDepth,
  type JsonSchema,
  jsonSchemaOf,
  maxJsonDepth,
  ParleyError,
  propertiesOf,
  takesKey,
} from '@parley/protocol'
import { credentialsOf } from './credentials.ts'
import { fromText } from './from-text.ts'
import { mountModuleRoutes } from './module-routes.ts'
import { restRoute } from './rest-route.ts'

export interface RestOptions {
  /** Before every path; default `/api`. */
  readonly prefix?: string
}

/**
 * Offers every command of the registry at its route, with the validation, permissions, limits and errors that it has
 * over a socket; and the routes that modules have for streams of bytes.
 */
export function mountRest(http: Http, node: Node, { prefix = '/api' }: RestOptions = {}): void {
  for (const command of node.registry.commands()) mountCommand(http, node, command, prefix)
  mountModuleRoutes(http, node, prefix)
}

function mountCommand(http: Http, node: Node, command: RegisteredCommand, prefix: string): void {
  const { name, contract } = command
  const { method, path, takesBody } = restRoute(contract)
  const schema = jsonSchemaOf(contract.input, 'input', 'draft-2020-12')
  http.route({
    method,
    path: prefix + path,
    async handler(request) {
      const identity = await identify(node, contract, request)
      const input = takesBody ? fromBody(request, schema) : fromQuery(request, schema)
      const key = takesKey(contract) ? idempotencyKey(request) : undefined
      const output = await node.call(identity, name, input, {
        ...{ key, ip: request.ip, requestId: request.id, traceparent: traceparentOf(request) },
      })
      return answer(output)
    },
  })
}

async function identify(
  node: Node,
  contract: CommandContract,
  request: HttpRequest,
): Promise<Identity | undefined> {
  // A public command needs nobody, so that a token which has expired does not keep anybody from signing in.
  if (contract.permission === 'public') return undefined
  const credentials = credentialsOf(request.headers)
  if (credentials === undefined) throw new ParleyError('unauthenticated')
  return await node.authenticate(credentials)
}

function fromQuery(request: HttpRequest, schema: JsonSchema): unknown {
  const fields = Object.entries({ ...request.query, ...request.params })
  const properties = propertiesOf(schema)
  const input = Object.fromEntries(
    fields.map(([name, text]) => [name, fromText(text, properties[name] ?? {}, schema)]),
  )
  checkDepth(input)
  return input
}

function fromBody(request: HttpRequest, schema: JsonSchema): unknown {
  const { body = {}, params } = request
  const names = Object.keys(params)
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ParleyError('bad_request', 'The body is a JSON object with the fields of the command.')
  checkDepth(body)
  if (names.length === 0) return body
  const properties = propertiesOf(schema)
  const inPath = names.map(
    (name) => [name, fromText(params[name] ?? '', properties[name] ?? {}, schema)] as const,
  )
  for (const [name, value] of inPath) {
    if (Object.hasOwn(body, name) && (body as Readonly<Record<string, unknown>>)[name] !== value)
      throw new ParleyError(
        'bad_request',
        `The field \`${name}\` differs between path and body. Leave it out of the body.`,
      )
  }
  return { ...body, ...Object.fromEntries(inPath) }
}

function checkDepth(value: object): void {
  if (exceedsDepth(value, maxJsonDepth))
    throw new ParleyError('bad_request', `The input is at most ${maxJsonDepth} levels deep.`)
}

function idempotencyKey(request: HttpRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key))
    throw new ParleyError('bad_request', 'The header Idempotency-Key has 1 to 128 visible ASCII characters.')
  return key
}

function answer(output: unknown): HttpResponse {
  const headers = { 'cache-control': 'no-store' }
  return output === undefined ? { status: 204, headers } : { status: 200, headers, body: output }
}

function traceparentOf({ headers: { traceparent } }: HttpRequest): string | undefined {
  return typeof traceparent === 'string' ? traceparent : undefined
}
