import { describe, expect, test } from 'vitest'
import { Flags, flagDefaults } from './flags.ts'
import { defineKind, Kinds, retentionDefaults } from './kind.ts'

describe('a kind', () => {
  test('has defaults for everything, and bounds on what it keeps', () => {
    for (const durability of ['durable', 'recent', 'ephemeral'] as const) {
      const kind = defineKind('chat', 'room', { durability })
      expect(kind).toMatchObject({
        name: 'room',
        module: 'chat',
        durability,
        lane: 'normal',
        presenceGraceMs: 5_000,
      })
      expect(kind.slowConsumer).toBe(durability === 'ephemeral' ? 'drop_oldest' : 'catch_up')
      expect(kind.retention).toEqual(retentionDefaults[durability])
      for (const bound of Object.values(kind.retention)) expect(Number.isFinite(bound)).toBe(true)
    }
    const kind = defineKind('chat', 'room', {
      retention: { maxEvents: 5 },
      limits: { maxEventBytes: undefined },
      access: { read: 'anyone' },
    })
    expect(kind.retention).toEqual({ ...retentionDefaults.durable, maxEvents: 5 })
    expect(kind.limits.maxEventBytes).toBe(65_536)
    expect(kind.access).toMatchObject({ read: 'anyone', write: 'granted' })
  })

  test('that cannot work is refused when it is declared', () => {
    expect(() => defineKind('chat', 'Room')).toThrow(/Kind name `Room`/)
    expect(() => defineKind('chat', 'live', { durability: 'ephemeral', slowConsumer: 'catch_up' })).toThrow(
      /no log to catch up from/,
    )
    const kinds = new Kinds()
    kinds.add(defineKind('one', 'room'))
    expect(() => kinds.add(defineKind('two', 'room'))).toThrow(/declared twice: by module one and by two/)
  })

  test('is found by the name of a channel', () => {
    const kinds = new Kinds()
    kinds.add(defineKind('one', 'room'))
    expect(kinds.of('room:a').name).toBe('room')
    expect(kinds.list()).toHaveLength(1)
    expect(() => kinds.of('hall:a')).toThrow(expect.objectContaining({ code: 'unknown_kind' }))
    expect(() => kinds.of('constructor:a')).toThrow(expect.objectContaining({ code: 'unknown_kind' }))
    for (const name of [
      'room',
      'room:',
      'room:a/b',
      'room:../etc',
      'ROOM:a',
      'room:a\n',
      'room:'.padEnd(300, 'x'),
    ])
      expect(() => kinds.of(name)).toThrow(expect.objectContaining({ code: 'bad_request' }))
  })
})

test('flags have their defaults, and only those that exist can be set', () => {
  const flags = new Flags({ caching: false })
  expect(flags.list()).toEqual({ ...flagDefaults, caching: false })
  flags.set('eventReplay', true)
  expect(flags.isOn('eventReplay')).toBe(true)
  expect(() => flags.set('toString', true)).toThrow(expect.objectContaining({ code: 'not_found' }))
})
