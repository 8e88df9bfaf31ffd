import { registerHooks } from 'node:module'
import { type Change, type Defect, defects } from './defects.ts'

const urlOf = (file: string) => new URL(`../../../${file}`, import.meta.url).href

/** Puts a defect of the simulation into the sources; see {@link plant}. */
export function plantNamed(name: string): Promise<void> {
  const defect = defects.find((one) => one.name === name)
  if (defect === undefined) throw new Error(`There is no defect \`${name}\`.`)
  return plant(defect)
}

/** Puts a defect into the sources while they are read, in this thread. One that finds no place would prove nothing. */
export async function plant(defect: Defect): Promise<void> {
  const planted = new Set<Change>()
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const changes = defect.changes.filter(({ file }) => urlOf(file) === url)
      if (changes.length === 0) return loaded
      let source = String(loaded.source)
      for (const change of changes) {
        if (source.includes(change.healthy)) planted.add(change)
        // The text of a replacement may have signs that `replace` takes for its own.
        source = source.replace(change.healthy, () => change.ill)
      }
      return { ...loaded, source }
    },
  })
  for (const { file } of defect.changes) await import(urlOf(file))
  const missed = defect.changes.find((change) => !planted.has(change))
  if (missed !== undefined) throw new Error(`${missed.file} has no \`${missed.healthy}\`.`)
}
