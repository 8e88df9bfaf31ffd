import { type CliCommand, commonOptions, exitCodes, type Option, UsageError } from '../command.ts'
import { bashCompletion, fishCompletion, zshCompletion } from '../completion-scripts.ts'
import { settingFlags } from '../help.ts'

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** Prints what makes a shell complete the commands; made of the commands themselves. */
export function completionFor(commands: () => readonly CliCommand[]): CliCommand {
  return {
    name: 'completion',
    summary: 'Print the script by which a shell completes commands and options.',
    arguments: [{ name: 'shell', summary: 'bash, zsh or fish', values: Object.keys(scripts) }],
    takesSettings: false,
    examples: [
      ['source <(parley completion bash)', 'in ~/.bashrc'],
      ['source <(parley completion zsh)', 'in ~/.zshrc, after compinit'],
      ['parley completion fish > ~/.config/fish/completions/parley.fish', 'once'],
    ],
    async run({ words: [shell = ''], isJson, terminal }) {
      if (!Object.hasOwn(scripts, shell))
        throw new UsageError(`There is no completion for \`${shell}\`: bash, zsh or fish.`)
      const script = scripts[shell as keyof typeof scripts](commands().map(entryOf))
      terminal.out(isJson ? JSON.stringify({ shell, script }) : script)
      return exitCodes.done
    },
  }
}

function entryOf(command: CliCommand) {
  const settings: readonly Option[] = settingFlags().map(({ flag, expected }) => ({
    name: flag.slice(2),
    summary: expected,
    value: 'VALUE',
  }))
  return {
    name: command.name,
    summary: command.summary,
    words: command.arguments ?? [],
    options: [
      ...(command.options ?? []),
      ...commonOptions,
      ...(command.takesSettings === false ? [] : settings),
    ],
  }
}
