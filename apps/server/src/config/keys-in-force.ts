import { sourceOf } from './check.ts'
import type { Layer } from './layers.ts'
import type { Settings } from './schema.ts'

/** A key that is accepted, without what makes it one. */
export interface KeyInForce {
  readonly app: string
  readonly use: 'tokens' | 'backend'
  /** Id of an app key, or `kid` of a key that signs tokens. */
  readonly id?: string
  readonly algorithm?: string
  readonly capabilities?: Record<string, string[]>
  readonly source: string
}

/** The keys that the settings name, and where each was written. */
export function keysInForce({ apps }: Settings, layers: readonly Layer[]): readonly KeyInForce[] {
  return Object.entries(apps).flatMap(([app, { keys = [], apiKeys = [] }]) => [
    ...keys.map(({ algorithm, kid }, index): KeyInForce => {
      const source = sourceOf(layers, ['apps', app, 'keys', index])
      return { app, use: 'tokens', algorithm, ...(kid === undefined ? {} : { id: kid }), source }
    }),
    ...apiKeys.map(({ id, capabilities }, index): KeyInForce => {
      const source = sourceOf(layers, ['apps', app, 'apiKeys', index])
      return { app, use: 'backend', id, ...(capabilities === undefined ? {} : { capabilities }), source }
    }),
  ])
}
