import { hash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoredReceipt } from '@parley/kernel'
import type { Position } from '@parley/protocol'

interface ReceiptRow {
  readonly fingerprint: string
  readonly output: string
  readonly positions: string
}

/** 48 bits of a scope that nobody can make collide at will. */
export function hashScope(scope: string): number {
  return hash('sha256', scope, 'buffer').readUIntBE(0, 6)
}

/** Finds receipts. */
export class Receipts {
  readonly #select: StatementSync

  constructor(database: DatabaseSync) {
    this.#select = database.prepare(
      'SELECT fingerprint, output, positions FROM parley_receipts WHERE hash = ? AND scope = ?',
    )
  }

  find(scope: string, scopeHash: number = hashScope(scope)): StoredReceipt | undefined {
    const row = this.#select.get(scopeHash, scope) as unknown as ReceiptRow | undefined
    if (row === undefined) return undefined
    const { fingerprint, output, positions } = row
    return { fingerprint, output, positions: JSON.parse(positions) as Position[] }
  }
}
