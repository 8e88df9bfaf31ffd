import type { UnitStatement, UnitValue, Write } from '../ports/store.ts'
import type { CollectedEvent } from './unit-context.ts'

function isOffset(value: UnitValue): value is { readonly offsetOf: number } {
  return typeof value === 'object' && value !== null && 'offsetOf' in value
}

/** Indices of the events whose offsets a statement asks for. */
export function offsetsIn({ parameters }: UnitStatement): readonly number[] {
  return parameters.flatMap((value) => (isOffset(value) ? [value.offsetOf] : []))
}

/**
 * Writes that count a unit's events as they were appended, turned into those that count the durable ones: a store is
 * given no others.
 */
export function countDurable(writes: readonly Write[], events: readonly CollectedEvent[]): readonly Write[] {
  let count = 0
  const places = events.map(({ kind }) => (kind.durability === 'durable' ? count++ : -1))
  const place = (value: UnitValue) => (isOffset(value) ? { offsetOf: places[value.offsetOf] ?? -1 } : value)
  return writes.map((write) =>
    'sql' in write ? { sql: write.sql, parameters: write.parameters.map(place) } : write,
  )
}
