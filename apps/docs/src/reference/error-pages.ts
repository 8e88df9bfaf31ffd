import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandReference } from '@parley/gateway'
import { errorEntry, errorPage, errorRegistry, errorStatus } from '@parley/protocol'
import { type Page, root } from '../pages/page.ts'
import { errorUrl, generated } from './command-pages.ts'
import { cell } from './schema-table.ts'

const retryWords: Readonly<Record<string, string>> = {
  never: 'No: the same request fails again.',
  later: 'Yes, after `retryAfterMs`, else with backoff and jitter.',
  same_key: 'Yes, with the same idempotency key.',
  refresh: 'Yes, with a new token.',
}

/** A code of a module, with the commands that answer it. */
interface ModuleError {
  readonly code: string
  readonly summary: string
  readonly commands: readonly string[]
}

/** A page for each error code, and one that lists them. */
export function errorPages(repository: string, commands: readonly CommandReference[]): readonly Page[] {
  const generic = Object.keys(errorRegistry)
  const own = moduleErrors(commands)
  return [
    overview(generic, own),
    ...generic.map((code) => genericPage(repository, code)),
    ...own.map(modulePage),
  ]
}

function moduleErrors(commands: readonly CommandReference[]): readonly ModuleError[] {
  const found = new Map<string, ModuleError>()
  for (const { name, errors } of commands)
    for (const { code, summary } of errors) {
      if (!code.includes('.')) continue
      const known = found.get(code)
      found.set(code, { code, summary, commands: [...(known?.commands ?? []), name] })
    }
  return [...found.values()].sort((left, right) => (left.code < right.code ? -1 : 1))
}

function overview(generic: readonly string[], own: readonly ModuleError[]): Page {
  const rows = generic.map((code) => {
    const { retry, summary } = errorEntry(code)
    return `| [\`${code}\`](${errorUrl(code)}) | ${errorStatus(code)} | ${retry} | ${cell(summary)} |`
  })
  const ownRows = own.map(({ code, summary }) => `| [\`${code}\`](${errorUrl(code)}) | ${cell(summary)} |`)
  const text = [
    '# Errors',
    'An error has a stable `code`, a message for people, and a verdict: whether repeating the same request can help. A code is never renamed and never reused. Over HTTP the header `Link` (`rel="help"`) and the field `help` lead to the page of the code; in the client it is `error.help`.',
    ['| Code | HTTP | Repeat | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    '## Codes of modules',
    'Answered with HTTP 409 unless the page says otherwise.',
    ['| Code | Meaning |', '| --- | --- |', ...ownRows].join('\n'),
  ].join('\n\n')
  return generated(`${root}errors/`, 'Errors', text)
}

function genericPage(repository: string, code: string): Page {
  const { summary } = errorEntry(code)
  const file = join(repository, 'docs/errors', `${code}.md`)
  // Pages link from the repository's root of documents; what a code means is written beside them.
  const written = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return page(code, [summary, facts(code), written])
}

function modulePage({ code, summary, commands }: ModuleError): Page {
  const links = commands.map((name) => {
    const [module = '', verb = ''] = name.split('.')
    return `[\`${name}\`](${root}reference/commands/${module}/#${module.toLowerCase()}${verb.toLowerCase()})`
  })
  return page(code, [summary, facts(code), '## Who answers it', links.join(' · ')])
}

function facts(code: string): string {
  return `**HTTP** ${errorStatus(code)} · **Repeat?** ${retryWords[errorEntry(code).retry] ?? ''}`
}

function page(code: string, parts: readonly string[]): Page {
  const text = [`# \`${code}\``, ...parts].join('\n\n')
  return { ...generated(errorPage(code), code, text), isListed: false }
}
