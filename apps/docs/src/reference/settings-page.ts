import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SettingReference, settingReferences } from '@parley/server/config'
import { type Page, root } from '../pages/page.ts'
import { generated } from './command-pages.ts'
import { cell } from './schema-table.ts'

/** The page on settings, from the schema that the server checks its configuration with. */
export function settingsPage(repository: string): Page {
  const limits = limitComments(repository)
  const settings = settingReferences().map((setting) => ({
    ...setting,
    description: setting.description || (limits.get(setting.key.replace(/^limits\./, '')) ?? ''),
  }))
  const groups = Map.groupBy(settings, ({ key }) => (key.includes('.') ? key.split('.', 1)[0] : undefined))
  const sections = [...groups].map(([group, members]) =>
    [...(group === undefined ? [] : [`## ${group}`]), table(members)].join('\n\n'),
  )
  const text = [
    '# Configuration',
    'Every setting, with the environment variable that sets it. The order of flags, environment, file and profile is explained in [Configure](/docs/guide/configure/); `parley print-config` shows what is in force and where it came from. Three values are those of the profiles development, staging and production.',
    ...sections,
  ].join('\n\n')
  return generated(`${root}reference/configuration/`, 'Configuration', text)
}

/** The settings of the page that lack words. */
export function undescribedSettings(repository: string): readonly string[] {
  const limits = limitComments(repository)
  return settingReferences()
    .filter(({ key, description }) => description === '' && !limits.has(key.replace(/^limits\./, '')))
    .map(({ key }) => key)
}

function table(settings: readonly SettingReference[]): string {
  const rows = settings.map(({ key, expected, description, variable, defaults }) => {
    const words = [description, `${sentence(expected)}.`, `\`${variable}\``].filter(Boolean).join(' ')
    return `| \`${key}\` | ${cell(defaultWords(defaults))} | ${cell(words)} |`
  })
  return ['| Setting | Default | Does |', '| --- | --- | --- |', ...rows].join('\n')
}

function defaultWords(defaults: SettingReference['defaults']): string {
  const values = Object.values(defaults).map((value) => `\`${JSON.stringify(value)}\``)
  if (values.length === 0) return 'none'
  return new Set(values).size === 1 ? (values[0] as string) : values.join(' · ')
}

/** Limits are described by the comments where they are declared; one comment serves those right below it. */
function limitComments(repository: string): ReadonlyMap<string, string> {
  const source = readFileSync(join(repository, 'packages/kernel/src/limits.ts'), 'utf8')
  const found = new Map<string, string>()
  let comment = ''
  for (const line of source.split('\n')) {
    comment = /^ {2}\/\*\* (.+?) \*\/$/.exec(line)?.[1] ?? comment
    const name = /^ {2}(\w+): /.exec(line)?.[1]
    if (name !== undefined && comment !== '') found.set(name, comment)
  }
  return found
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
