import { type CommandContract, type Contract, type EventContract, jsonSchemaOf } from '@parley/protocol'
import type { z } from 'zod'
import type { commandDescription, moduleDescription } from './model.ts'

/** A contract as data: what a form, a matrix or a reference page is made of. */
export function describeModule(contract: Contract): z.output<typeof moduleDescription> {
  const { name, summary } = contract
  const commands = Object.entries(contract.commands) as [string, CommandContract][]
  const events = Object.entries(contract.events) as [string, EventContract][]
  return {
    ...{ name, summary },
    commands: commands.map(([verb, command]) => describeCommand(`${name}.${verb}`, command)),
    events: events.map(([type, event]) => ({ type, summary: event.summary })),
  }
}

function describeCommand(name: string, command: CommandContract): z.output<typeof commandDescription> {
  const { summary, description, permission, rest, readOnly = false, flag, errors = {}, example } = command
  return {
    ...{ name, summary, rest, readOnly },
    ...(description === undefined ? {} : { description }),
    ...(flag === undefined ? {} : { flag }),
    permission: permissionText(permission),
    input: jsonSchemaOf(command.input, 'input', 'draft-2020-12'),
    output: jsonSchemaOf(command.output, 'output', 'draft-2020-12'),
    errors: { ...errors },
    ...(example === undefined ? {} : { example }),
  }
}

function permissionText(permission: CommandContract['permission']): string {
  if (typeof permission === 'string') return permission
  return permission.channel === undefined ? permission.action : `${permission.action}:${permission.channel}`
}
