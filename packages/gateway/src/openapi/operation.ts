import type { RegisteredCommand } from '@parley/kernel'
import {
  type CommandContract,
  type JsonSchema,
  type JsonSchemaTarget,
  jsonSchemaOf,
  takesKey,
} from '@parley/protocol'
import { needsOf, rateClassOf } from '../reference/command-reference.ts'
import { type RestRoute, restRoute } from '../rest-route.ts'
import type { Components } from './components.ts'
import { errorResponses } from './responses.ts'

/** An operation object of OpenAPI, as far as the page that shows it reads it. */
export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, unknown>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

export interface MediaType {
  readonly schema: JsonSchema
  readonly example?: unknown
}

export interface Parameter {
  readonly name?: string
  readonly in?: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema?: JsonSchema
  readonly content?: Readonly<Record<string, MediaType>>
  readonly example?: unknown
  readonly $ref?: string
}

const anyCredentials = [{ token: [] }, { appKey: [] }, { appKeyHeader: [] }]

/** A command as an operation. */
export function operationOf(
  command: RegisteredCommand,
  components: Components,
  target: JsonSchemaTarget,
): Operation {
  const { name, module, contract } = command
  const route = restRoute(contract)
  const input = components.place(jsonSchemaOf(contract.input, 'input', target), `${name}.input`)
  const body = route.takesBody ? bodyOf(input, { route, contract, components }) : undefined
  return {
    operationId: name,
    tags: [module],
    summary: contract.summary,
    description: describe(command),
    parameters: parametersOf(components.resolve(input), contract, route),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      '200': success(
        components.place(open(jsonSchemaOf(contract.output, 'output', target)), `${name}.output`),
      ),
      ...errorResponses(contract),
    },
    security: contract.permission === 'public' ? [] : anyCredentials,
  }
}

/** What is needed and what it counts as, in words. */
function describe({ name, contract }: RegisteredCommand): string {
  const { description, permission, flag } = contract
  const facts = [`Command \`${name}\`.`, needsOf(permission), `Rate class \`${rateClassOf(contract)}\`.`]
  if (flag !== undefined) facts.push(`Can be switched off with the feature flag \`${flag}\`.`)
  return [...(description === undefined ? [] : [description]), facts.join(' ')].join('\n\n')
}

function parametersOf(input: JsonSchema, contract: CommandContract, route: RestRoute): readonly Parameter[] {
  const examples = exampleFields(contract)
  const parameters = Object.entries(input.properties ?? {})
    .map(([name, schema]): Parameter => {
      const isInPath = route.names.includes(name)
      const example = Object.hasOwn(examples, name) ? { example: examples[name] } : {}
      return parameterOf({ name, in: isInPath ? 'path' : 'query' }, schema, {
        required: isInPath || (input.required ?? []).includes(name),
        ...example,
      })
    })
    .filter((parameter) => parameter.in === 'path' || !route.takesBody)
  const key = takesKey(contract) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []
  return [...parameters, ...key]
}

function parameterOf(
  place: Pick<Parameter, 'name' | 'in'>,
  { description, ...schema }: JsonSchema,
  { required, ...example }: { readonly required: boolean; readonly example?: unknown },
): Parameter {
  const shared = { ...place, required, ...(description === undefined ? {} : { description }) }
  // What has a form of its own is JSON in the query.
  const isJson = schema.type === 'object' || (schema.type === undefined && schema.enum === undefined)
  if (isJson && place.in === 'query')
    return { ...shared, content: { 'application/json': { schema, ...example } } }
  return { ...shared, schema, ...example }
}

interface BodyParts {
  readonly route: RestRoute
  readonly contract: CommandContract
  readonly components: Components
}

/** The fields that the path does not carry; undefined when the path carries all. */
function bodyOf(placed: JsonSchema, { route, contract, components }: BodyParts): Operation['requestBody'] {
  const input = components.resolve(placed)
  const isInBody = (name: string) => !route.names.includes(name)
  const properties = Object.entries(input.properties ?? {}).filter(([name]) => isInBody(name))
  if (input.type === 'object' && input.properties !== undefined && properties.length === 0) return undefined
  const example = Object.fromEntries(
    Object.entries(exampleFields(contract)).filter(([name]) => isInBody(name)),
  )
  const required = (input.required ?? []).filter(isInBody)
  const { required: _, ...rest } = input
  const narrowed = {
    ...rest,
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  }
  const media = {
    schema: route.names.length === 0 || input.properties === undefined ? placed : narrowed,
    ...(contract.example === undefined ? {} : { example }),
  }
  return {
    required: required.length > 0 || input.properties === undefined,
    content: { 'application/json': media },
  }
}

function exampleFields({ example }: CommandContract): Readonly<Record<string, unknown>> {
  return typeof example === 'object' && example !== null ? (example as Readonly<Record<string, unknown>>) : {}
}

function success(schema: JsonSchema): unknown {
  return { description: 'Done.', content: { 'application/json': { schema } } }
}

/** Answers may gain fields: a reader must not refuse those it does not know. */
function open(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  )
  return JSON.parse(text) as JsonSchema
}
