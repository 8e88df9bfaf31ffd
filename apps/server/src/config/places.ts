import { z } from 'zod'
import { configSchema } from './schema.ts'
import { expectation, fixedPaths, plainForm, schemaAt } from './shape.ts'

/** A place in the configuration that has a fixed name. */
export interface Place {
  /** `tokens.clockSkewMs` */
  readonly key: string
  readonly path: readonly string[]
  /** What may stand there, in words. */
  readonly expected: string
}

/** Every place by its plain form, in which `data-dir` and `dataDir` are one. */
export const fixedPlaces: ReadonlyMap<string, Place> = new Map(
  fixedPaths(configSchema).map((path) => {
    const key = path.join('.')
    return [plainForm(key), { key, path, expected: expectation(schemaAt(configSchema, path) as never) }]
  }),
)

/** Whether a place is true or false. */
export function isSwitch({ path }: Place): boolean {
  return schemaAt(configSchema, path) instanceof z.ZodBoolean
}

/** Whether other places lie below a place. */
export function isGroup({ path }: Place): boolean {
  return schemaAt(configSchema, path) instanceof z.ZodObject
}
