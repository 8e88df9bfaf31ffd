import type { Position } from '@parley/protocol'
import type { CommitResult, Receipt, Store, Unit } from '../../ports/store.ts'
import { equal, ok } from './assert.ts'

/** A store under test. */
export interface StoreSubject {
  readonly store: Store
  /** Closes the store and opens what it left behind; `close` then closes the new one. */
  readonly reopen?: () => Promise<Store>
  readonly close: () => Promise<void>
}

/** A unit of the app `acme` with nothing in it but `parts`. */
export function unit(parts: Partial<Unit>): Unit {
  return { app: 'acme', assertions: [], writes: [], events: [], ...parts }
}

/** The receipt of a scope; valid for a day from the time at which the checks play. */
export function receipt(scope: string, fields: Partial<Receipt> = {}): Receipt {
  return {
    scope,
    fingerprint: `print of ${scope}`,
    output: '{"done":true}',
    expiresAt: 1_767_312_000_000,
    ...fields,
  }
}

/** The positions of a unit that must have been committed. */
export async function committed(result: Promise<CommitResult>, what: string): Promise<readonly Position[]> {
  const { status, ...rest } = await result
  equal(status, 'committed', `${what} is committed`)
  ok('positions' in rest, 'a committed unit has positions')
  return rest.positions
}
