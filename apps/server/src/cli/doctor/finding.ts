import type { Config } from '../../config.ts'
import type { StoreInspection } from '../../stores.ts'
import type { RemoteCredentials } from '../remote.ts'

/** What a check has found. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped'
  /** What is so, in a sentence or two. */
  readonly says: string
  /** What to do about it; absent where nothing is wrong. */
  readonly mend?: string
}

export const ok = (says: string): Finding => ({ status: 'ok', says })
export const skipped = (says: string): Finding => ({ status: 'skipped', says })
export const warning = (says: string, mend: string): Finding => ({ status: 'warning', says, mend })
export const problem = (says: string, mend: string): Finding => ({ status: 'problem', says, mend })

/** What answers at the address of the server. */
export interface Answering {
  readonly url: string
  /** `other`: something that is no Parley server. */
  readonly who: 'parley' | 'other' | 'nobody'
  /** Checks of the server that fail, with what it says of them. */
  readonly failing: readonly string[]
  /** How far its clock is ahead of this one, in ms; it is told in whole seconds. */
  readonly aheadMs: number | undefined
}

/** What is looked at, gathered once for all checks. */
export interface Patient {
  readonly config: Config | undefined
  /** Why the configuration cannot be used. */
  readonly configProblem: string | undefined
  /** Undefined where the configuration says nothing of it and nobody has named it. */
  readonly server: Answering | undefined
  /** Whether the server was named: it may be on another machine then. */
  readonly isNamed: boolean
  readonly store: StoreInspection | undefined
  /** Why the data cannot be looked at. */
  readonly storeProblem: string | undefined
  readonly credentials: RemoteCredentials | undefined
  /** Where users reach the server. */
  readonly publicUrl: string | undefined
}

/** One question. */
export interface HealthCheck {
  readonly name: string
  readonly title: string
  look(patient: Patient): Finding | Promise<Finding>
}
