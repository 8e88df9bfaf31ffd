import type { Argument, Option } from './command.ts'

/** What a shell needs to know of a command. */
export interface CompletionEntry {
  readonly name: string
  readonly summary: string
  readonly words: readonly Argument[]
  readonly options: readonly Option[]
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const listed = (values: readonly string[]) => quoted(values.join(' '))

/** Values that may stand behind an option or as an argument, as the shell completes them. */
function bashValues({ values }: Pick<Argument, 'values'>): string {
  if (values === 'file' || values === 'folder') return `compgen -${values === 'file' ? 'f' : 'd'} -- "$word"`
  return values === undefined ? 'true' : `compgen -W ${listed(values)} -- "$word"`
}

/** For bash 3.2 and newer. */
export function bashCompletion(entries: readonly CompletionEntry[]): string {
  const cases = entries.map(({ name, words, options }) => {
    const behind = options
      .filter(({ values }) => values !== undefined)
      .map((option) => `      --${option.name}) COMPREPLY=($(${bashValues(option)})); return ;;`)
    return `    ${name})
      case "$before" in
${behind.join('\n')}
      esac
      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W ${listed(options.map((one) => `--${one.name}`))} -- "$word"))
      else COMPREPLY=($(${bashValues(words[0] ?? {})})); fi ;;`
  })
  return `# bash completion of parley
_parley() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${entries.map(({ name }) => name).join('|')}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case "$command" in
    '') COMPREPLY=($(compgen -W ${listed(['help', ...entries.map(({ name }) => name), '--help', '--version'])} -- "$word")) ;;
${cases.join('\n')}
  esac
}
complete -F _parley parley`
}

const zshText = (text: string) => text.replace(/[[\]:\\]/g, '\\$&')

function zshValues({ name, values }: Pick<Argument, 'values'> & { readonly name: string }): string {
  if (values === 'file') return `:${name}:_files`
  if (values === 'folder') return `:${name}:_files -/`
  return values === undefined ? `:${name}: ` : `:${name}:(${values.join(' ')})`
}

export function zshCompletion(entries: readonly CompletionEntry[]): string {
  const cases = entries.map(({ name, words, options }) => {
    const lines = [
      ...options.map((one) => {
        const value = one.value === undefined ? '' : zshValues({ ...one, name: one.value })
        return quoted(`${one.isRepeated === true ? '*' : ''}--${one.name}[${zshText(one.summary)}]${value}`)
      }),
      ...words.map((word, index) => quoted(`${index + 1}${zshValues(word)}`)),
    ]
    return `    ${name}) _arguments -S \\\n      ${lines.join(' \\\n      ')} ;;`
  })
  return `#compdef parley
_parley() {
  local -a commands
  commands=(
    ${entries.map(({ name, summary }) => quoted(`${name}:${zshText(summary)}`)).join('\n    ')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _parley parley`
}

export function fishCompletion(entries: readonly CompletionEntry[]): string {
  const names = entries.map(({ name }) => name).join(' ')
  const behind = (values: Argument['values']) => {
    if (values === 'file') return ' -F'
    if (values === 'folder') return " -xa '(__fish_complete_directories)'"
    return values === undefined ? '' : ` -xa ${listed(values)}`
  }
  const lines = entries.flatMap(({ name, summary, words, options }) => {
    const within = `-n '__fish_seen_subcommand_from ${name}'`
    return [
      `complete -c parley -f -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d ${quoted(summary)}`,
      ...options.map(
        (one) =>
          `complete -c parley ${within} -l ${one.name}${one.value === undefined ? '' : ' -r'}${behind(one.values)} -d ${quoted(one.summary)}`,
      ),
      ...words
        .filter(({ values }) => values !== undefined)
        .map(({ values }) => `complete -c parley ${within}${behind(values)}`),
    ]
  })
  return `# fish completion of parley\n${lines.join('\n')}`
}
