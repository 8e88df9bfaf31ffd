import type { SeedOptions } from '../seeds.ts'
import { clientDefects } from './client-defects.ts'
import { clusterDefects } from './cluster-defects.ts'
import { extraDefects } from './extra-defects.ts'
import { serverDefects } from './server-defects.ts'
import { storeDefects } from './store-defects.ts'
import { transportDefects } from './transport-defects.ts'

/** A few words of a source file, and what stands in their place. */
export interface Change {
  /** From the root of the repository. */
  readonly file: string
  readonly healthy: string
  readonly ill: string
}

/** A bug that the simulation must find. */
export interface Defect {
  readonly name: string
  readonly changes: readonly Change[]
  /** Nodes that it takes. Default: 1. */
  readonly nodes?: number
  /** Channels in which it shows. Default: all. */
  readonly class?: SeedOptions['class']
  /** What it takes comes more often, so that few seeds are enough. */
  readonly weights?: SeedOptions['weights']
  /** What tabs use besides the client. Default: nothing. */
  readonly with?: SeedOptions['with']
  /** What carries messages, where that matters. */
  readonly transport?: SeedOptions['transport']
}

/** Everything that is planted to see whether the simulation is worth anything. */
export const defects: readonly Defect[] = [
  ...serverDefects,
  ...storeDefects,
  ...clusterDefects,
  ...clientDefects,
  ...extraDefects,
  ...transportDefects,
]
