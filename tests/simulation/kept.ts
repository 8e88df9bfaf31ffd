import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Schedule } from '@parley/kernel/simulation'

const folder = new URL('./kept/', import.meta.url)

/** Keeps a schedule as a test: from now on, it has to go well. Answers the file. */
export function keep(name: string, schedule: Schedule): string {
  mkdirSync(folder, { recursive: true })
  const file = fileURLToPath(new URL(`${name}.json`, folder))
  writeFileSync(file, textOf(schedule))
  return file
}

/** One action a line, so that a schedule can be read. */
function textOf({ actions, ...rest }: Schedule): string {
  const head = JSON.stringify(rest).slice(0, -1)
  return `${head},"actions":[\n${actions.map((action) => JSON.stringify(action)).join(',\n')}\n]}\n`
}

/** Schedules that went wrong once, by name. */
export function keptSchedules(): readonly (readonly [name: string, schedule: Schedule])[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [
      file.slice(0, -'.json'.length),
      JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Schedule,
    ])
}
