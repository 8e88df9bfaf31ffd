import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

/** A slash command as somebody gave it. */
export interface SlashCall {
  readonly channel: string
  readonly thread?: number | undefined
  /** What stands behind the name, without the space around it. */
  readonly args: string
  /** Id for the message that comes of it, so that a repeat makes no second one. */
  readonly id?: string | undefined
}

export interface SlashAnswer {
  /** For the caller alone. */
  readonly text?: string
  /** The message that came of it. */
  readonly seq?: number
}

/**
 * A command that is typed into a conversation: `/name args`. It acts by `ctx.call`, as the caller and with the caller's
 * rights; refuse what cannot be understood with {@link badArguments}.
 */
export interface SlashCommand {
  /** Lower-case letters, digits and `-`. */
  readonly name: string
  readonly summary: string
  /** `/topic words` */
  readonly usage: string
  run(ctx: Context, call: SlashCall): SlashAnswer | Promise<SlashAnswer>
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/

/** The slash commands of a server, by name. */
export type SlashCommands = ReadonlyMap<string, SlashCommand>

/**
 * Puts slash commands together; of two with the same name the later one counts.
 *
 * @throws RangeError for a name that nobody could type
 */
export function slashCommands(commands: readonly SlashCommand[]): SlashCommands {
  const bad = commands.find(({ name }) => !namePattern.test(name))
  if (bad !== undefined)
    throw new RangeError(`Slash command \`${bad.name}\`: lower-case letters, digits and -, at most 32.`)
  return new Map(commands.map((command) => [command.name, command]))
}

/** What a text asks for: to be sent, or a command to be run. */
export type Typed = { readonly text: string } | { readonly command: SlashCommand; readonly args: string }

/** Reads what somebody typed: `/name …` is a command if there is one of this name, `//…` is a text with a slash. */
export function readTyped(commands: SlashCommands, text: string): Typed {
  if (text.startsWith('//')) return { text: text.slice(1) }
  const [, name = '', args = ''] = /^\/(\S+)([\s\S]*)$/.exec(text) ?? []
  const command = commands.get(name)
  return command === undefined ? { text } : { command, args: args.trim() }
}

/** @throws ParleyError `chat.no_such_command` */
export function requireCommand(commands: SlashCommands, name: string): SlashCommand {
  const command = commands.get(name)
  if (command !== undefined) return command
  throw new ParleyError(
    'chat.no_such_command',
    `There is no command \`/${name}\`. \`chat.commands\` lists those that there are.`,
  )
}

/** The refusal of arguments that a command cannot do anything with. */
export function badArguments({ usage }: Pick<SlashCommand, 'usage'>): ParleyError {
  return new ParleyError('chat.bad_arguments', `It is written \`${usage}\`.`)
}
