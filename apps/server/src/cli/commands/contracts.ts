import { openApiDocument } from '@parley/gateway'
import { type RegisteredCommand, Registry } from '@parley/kernel'
import type { Permission } from '@parley/protocol'
import { suggestion } from '../../config/shape.ts'
import { loadConfig } from '../../config.ts'
import { version } from '../../version.ts'
import { type CliCommand, exitCodes, UsageError } from '../command.ts'
import { table } from '../help.ts'
import { offlineModules } from '../offline-modules.ts'

/** Shows what the server can do. */
export const contracts: CliCommand = {
  name: 'contracts',
  summary: 'List the commands and events of the server; of one command, what it takes and answers.',
  details: 'With --json, the OpenAPI document of all commands, or the schemas of one.',
  arguments: [{ name: 'name', summary: 'a module or a command, as chat or chat.send', isOptional: true }],
  examples: [
    ['parley contracts', 'everything'],
    ['parley contracts channels', 'of one module'],
    ['parley contracts channels.publish', 'what one command takes'],
    ['parley contracts --json > openapi.json', 'for tools'],
  ],
  async run({ words: [name], sources, isJson, terminal }) {
    const registry = new Registry(await offlineModules(loadConfig(sources)))
    const command = registry.commands().find((one) => one.name === name)
    if (command !== undefined)
      terminal.out(isJson ? asJson(registry, command) : oneCommand(registry, command))
    else {
      const module = checkedModule(registry, name)
      const document = openApiDocument(registry, { version })
      terminal.out(
        isJson && name === undefined
          ? JSON.stringify(document, undefined, 2)
          : overview(registry, module, isJson),
      )
    }
    return exitCodes.done
  },
}

function checkedModule(registry: Registry, name: string | undefined): string | undefined {
  const names = registry.modules.map(({ contract }) => contract.name)
  if (name === undefined || names.includes(name)) return name
  const meant = suggestion(name, [...names, ...registry.commands().map((one) => one.name)])
  const hint = meant === undefined ? '.' : `; did you mean \`${meant}\`?`
  throw new UsageError(`There is no module or command \`${name}\`${hint} Modules: ${names.join(', ')}.`)
}

function overview(registry: Registry, module: string | undefined, isJson: boolean): string {
  const isWanted = (one: { readonly module: string }) => module === undefined || one.module === module
  const found = {
    commands: registry
      .commands()
      .filter(isWanted)
      .map(({ name, contract }) => ({
        ...{ name, route: contract.rest, needs: needs(contract.permission), summary: contract.summary },
      })),
    events: registry
      .events()
      .filter(isWanted)
      .map(({ type, contract }) => ({ type, summary: contract.summary })),
  }
  if (isJson) return JSON.stringify(found, undefined, 2)
  const events = found.events.map(({ type, summary }) => [type, summary])
  return [
    table(
      [['COMMAND', 'NEEDS', 'SUMMARY'], ...found.commands.map((one) => [one.name, one.needs, one.summary])],
      '',
    ),
    ...(events.length === 0 ? [] : ['', table([['EVENT', 'SUMMARY'], ...events], '')]),
  ].join('\n')
}

function needs(permission: Permission): string {
  if (typeof permission === 'string') return permission === 'internal' ? 'app key' : permission
  return permission.channel === undefined ? `${permission.action} (app)` : permission.action
}

function schemasOf(registry: Registry, { name }: RegisteredCommand) {
  const { paths, components } = openApiDocument(registry, { version })
  const operation = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .find(({ operationId }) => operationId === name)
  return { operation, schemas: components.schemas }
}

function asJson(registry: Registry, command: RegisteredCommand): string {
  return JSON.stringify({ name: command.name, ...schemasOf(registry, command) }, undefined, 2)
}

function oneCommand(registry: Registry, command: RegisteredCommand): string {
  const { name, contract } = command
  const input = new Registry(registry.modules.filter(({ contract: own }) => own.name === command.module))
  const { operation, schemas } = schemasOf(input, command)
  const fields = fieldsOf(operation, schemas)
  const errors = Object.entries(contract.errors ?? {})
  return [
    ...[name, '', contract.summary],
    ...(contract.description === undefined ? [] : ['', contract.description]),
    ...['', `Needs ${needs(contract.permission)}. Over REST: ${contract.rest.replace(' ', ' /api')}`],
    ...(fields.length === 0 ? [] : ['', 'Input', '', table(fields)]),
    ...(errors.length === 0 ? [] : ['', 'Errors of its own', '', table(errors)]),
    ...['', 'Example', '', `  parley call ${name} '${JSON.stringify(contract.example ?? {})}'`],
  ].join('\n')
}

interface FieldSchema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly required?: readonly string[]
}

/** The fields of an input, wherever REST puts them: name, type, what it means. */
function fieldsOf(
  operation: ReturnType<typeof schemasOf>['operation'],
  schemas: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string, string])[] {
  const resolve = (schema: FieldSchema): FieldSchema =>
    schema.$ref === undefined ? schema : ((schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) as FieldSchema)
  const row = (name: string, schema: FieldSchema, isRequired: boolean, says?: string) =>
    [
      `${name}${isRequired ? '' : '?'}`,
      typeOf(resolve(schema)),
      says ?? resolve(schema).description ?? '',
    ] as const
  const given = (operation?.parameters ?? [])
    .filter((one) => one.$ref === undefined)
    .map((one) =>
      row(one.name ?? '', (one.schema ?? {}) as FieldSchema, one.required === true, one.description),
    )
  const body = resolve((operation?.requestBody?.content['application/json']?.schema ?? {}) as FieldSchema)
  const names = new Set(given.map(([name]) => name.replace('?', '')))
  const inBody = Object.entries(body.properties ?? {})
    .filter(([name]) => !names.has(name))
    .map(([name, schema]) => row(name, schema, (body.required ?? []).includes(name)))
  return [...given, ...inBody]
}

function typeOf({ type, enum: values }: FieldSchema): string {
  return values === undefined ? (type ?? 'any') : values.map((value) => JSON.stringify(value)).join('|')
}
