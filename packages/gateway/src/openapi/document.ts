import type { Registry } from '@parley/kernel'
import type { JsonSchema, JsonSchemaTarget } from '@parley/protocol'
import { restRoute } from '../rest-route.ts'
import { Components } from './components.ts'
import { type Operation, operationOf } from './operation.ts'
import { errorSchema } from './responses.ts'

export interface DocumentOptions {
  /** Version of the server. */
  readonly version: string
  readonly title?: string
  /** Before every path of a command; as given to `mountRest`. Default `/api`. */
  readonly prefix?: string
}

/** An OpenAPI document. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: {
    readonly title: string
    readonly version: string
    readonly description: string
    readonly license: object
  }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, unknown>> & {
    readonly schemas: Readonly<Record<string, JsonSchema>>
  }
}

const description = `Every command of the server, as it is over a WebSocket: the same validation, permissions, limits and errors.

**Credentials.** A token (\`Authorization: Bearer …\`), or the key of an app for back ends: by HTTP Basic with the key id as
user name, or as \`X-API-Key: keyId:secret\`. Never in a URL.

**Errors** have a stable \`code\`. Repeat a request only when \`retryable\` is true; wait \`retryAfterMs\` (or the header
\`Retry-After\`, in seconds) when it is given.

**Repeats.** A request that changes something takes an \`Idempotency-Key\`. Sending it again with the same key answers as
the first time did, and has no second effect. The same key with another input is \`idempotency_mismatch\`.

**Limits.** Requests are counted per user, address and app; above the rate they are answered with \`rate_limited\`.

**Versions.** Fields and codes may be added: ignore what you do not know.`

/** Makes the document from what the registry offers. 3.1 is the full form; 3.0 is for tools that know no newer one. */
export function openApiDocument(
  registry: Registry,
  options: DocumentOptions,
  version: '3.1.1' | '3.0.3' = '3.1.1',
): OpenApiDocument {
  const target: JsonSchemaTarget = version === '3.0.3' ? 'openapi-3.0' : 'draft-2020-12'
  const components = new Components(target)
  components.add('Error', errorSchema)
  const paths: Record<string, Record<string, Operation>> = {}
  for (const command of registry.commands()) {
    const { method, path } = restRoute(command.contract)
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(command, components, target) }
  }
  return {
    openapi: version,
    info: {
      title: options.title ?? 'Parley',
      version: options.version,
      description,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: options.prefix ?? '/api' }],
    tags: registry.modules.map(({ contract }) => ({ name: contract.name, description: contract.summary })),
    paths,
    components: { schemas: components.list(), ...sharedComponents },
  }
}

const sharedComponents = {
  parameters: {
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description:
        'Makes it safe to send the request again: 1 to 128 visible ASCII characters, for example a UUID.',
      schema: { type: 'string', minLength: 1, maxLength: 128 },
    },
  },
  headers: {
    RetryAfter: { description: 'Seconds to wait before the next attempt.', schema: { type: 'integer' } },
  },
  securitySchemes: {
    token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A token of a user.' },
    appKey: { type: 'http', scheme: 'basic', description: 'Key id and secret of an app, for back ends.' },
    appKeyHeader: {
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
      description: '`keyId:secret`, for back ends.',
    },
  },
}
