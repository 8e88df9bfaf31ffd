import { type CommandReference, commandReference } from '@parley/gateway'
import type { CommandContract, Contract, EventContract, StateContract } from '@parley/protocol'
import { type Page, root } from '../pages/page.ts'
import { cell, schemaTable } from './schema-table.ts'

const folder = `${root}reference/commands/`

/** A page for each module with its commands, events and entries of state, and a page that lists all. */
export function commandPages(contracts: readonly Contract[]): readonly Page[] {
  const modules = contracts.map((contract) => ({ contract, commands: commandsOf(contract) }))
  return [overview(modules), ...modules.map(({ contract, commands }) => modulePage(contract, commands))]
}

/** The commands of a contract with all that their reference says. */
export function commandsOf(contract: Contract): readonly CommandReference[] {
  return Object.entries(contract.commands as Readonly<Record<string, CommandContract>>).map(
    ([verb, declared]) =>
      commandReference({ name: `${contract.name}.${verb}`, module: contract.name, contract: declared }),
  )
}

interface DocumentedModule {
  readonly contract: Contract
  readonly commands: readonly CommandReference[]
}

function overview(modules: readonly DocumentedModule[]): Page {
  const sections = modules.map(({ contract, commands }) => {
    const rows = commands.map(
      ({ name, summary, method, path }) =>
        `| [\`${name}\`](${folder}${contract.name}/#${anchor(name)}) | \`${method} ${path}\` | ${cell(summary)} |`,
    )
    const head = [`## [${contract.name}](${folder}${contract.name}/)`, '', contract.summary, '']
    return [...head, '| Command | REST, under `/api` | Does |', '| --- | --- | --- |', ...rows].join('\n')
  })
  const intro =
    'Every command is called the same way over every transport, and offered over REST. This reference is made from the contracts that the server runs on.'
  return generated(folder, 'Commands', ['# Commands', intro, ...sections].join('\n\n'))
}

function modulePage(contract: Contract, commands: readonly CommandReference[]): Page {
  const events = Object.entries(contract.events as Readonly<Record<string, EventContract>>)
  const states = Object.entries((contract.states ?? {}) as Readonly<Record<string, StateContract>>)
  const parts = [
    `# ${contract.name}`,
    contract.summary,
    '## Commands',
    ...commands.map(commandText),
    ...(events.length === 0 ? [] : ['## Events', ...events.map(([type, event]) => eventText(type, event))]),
    ...(states.length === 0 ? [] : ['## State', ...states.map(([name, state]) => stateText(name, state))]),
  ]
  const page = generated(`${folder}${contract.name}/`, contract.name, parts.join('\n\n'))
  return { ...page, label: contract.name, isListed: false }
}

function commandText(command: CommandReference): string {
  const { name, summary, description, method, path, needs, limits, input, output, example } = command
  const module = command.module
  const call = `await client.${module}.${name.slice(module.length + 1)}(${literal(example)})`
  const key = command.takesKey ? ' Takes an idempotency key.' : ''
  return [
    `### ${name}`,
    summary,
    ...(description === '' ? [] : [description]),
    `\`${method} /api${path}\` · ${needs}${key}`,
    `\`\`\`ts\n${call}\n\`\`\``,
    `**Input**\n\n${schemaTable(input)}`,
    `**Output**\n\n${schemaTable(output)}`,
    `**Errors** ${errorLinks(command)}`,
    `**Limits** ${limits.join(' ')}`,
  ].join('\n\n')
}

function errorLinks({ errors, module }: CommandReference): string {
  const own = errors.filter(({ code }) => code.startsWith(`${module}.`) || code.includes('.'))
  const generic = errors.filter((error) => !own.includes(error))
  const list = own.map(({ code, summary }) => `- [\`${code}\`](${errorUrl(code)}): ${summary}`)
  const others = generic.map(({ code }) => `[\`${code}\`](${errorUrl(code)})`).join(' · ')
  return list.length === 0 ? others : `\n\n${list.join('\n')}\n\nand ${others}`
}

function eventText(type: string, { summary, data }: EventContract): string {
  const { output } = commandReference({
    name: type,
    module: type,
    contract: { summary, input: data, output: data, permission: 'anyone', rest: 'GET /' },
  })
  return [`### ${type}`, summary, schemaTable(output)].join('\n\n')
}

function stateText(name: string, { summary, value }: StateContract): string {
  return eventText(name, { summary, data: value })
}

/** Where the page of an error is. */
export const errorUrl = (code: string) => `${root}errors/${code}/`

const anchor = (name: string) => name.toLowerCase().replaceAll('.', '')

const literal = (value: unknown) =>
  value === undefined
    ? '{}'
    : JSON.stringify(value, null, 2)
        .replace(/"([A-Za-z_]\w*)":/g, '$1:')
        .replaceAll('"', "'")

/** A page that was made from what the product is. */
export function generated(url: string, title: string, text: string): Page {
  return { url, source: `reference:${title}`, title, section: 'Reference', text }
}
