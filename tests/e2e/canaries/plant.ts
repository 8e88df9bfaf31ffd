import { registerHooks } from 'node:module'

/** A few words of a source file, and what stands in their place in a server that is ill. */
export interface Defect {
  /** From the root of the repository. */
  readonly file: string
  readonly healthy: string
  readonly ill: string
}

/** The handler of `publish` sleeps at random before it appends. */
export const sleepingHandler: Defect = {
  file: 'packages/modules/src/channels/handlers.ts',
  healthy: 'run: append,',
  ill: 'run: (...given) => new Promise((done) => setTimeout(done, Math.random() * 20)).then(() => append(...given)),',
}

const urlOf = (file: string) => new URL(`../../../${file}`, import.meta.url).href

/**
 * Starts the server, as it is but for some defects, which are put into its sources while they are read. Tests start
 * such a server to see that they notice. A defect that finds no place ends the process: it would prove nothing.
 */
export async function startWith(...defects: readonly Defect[]): Promise<void> {
  const planted = new Set<Defect>()
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const concerned = defects.filter(({ file }) => urlOf(file) === url)
      if (concerned.length === 0) return loaded
      let source = String(loaded.source)
      for (const defect of concerned) {
        if (source.includes(defect.healthy)) planted.add(defect)
        source = source.replace(defect.healthy, defect.ill)
      }
      return { ...loaded, source }
    },
  })
  for (const { file } of defects) await import(urlOf(file))
  const missed = defects.find((defect) => !planted.has(defect))
  if (missed !== undefined) throw new Error(`${missed.file} has no \`${missed.healthy}\`.`)
  await import(urlOf('apps/server/src/main.ts'))
}
