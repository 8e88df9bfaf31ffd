import { expect, test } from 'vitest'
import { reconnectMoment } from './reconnect-moment.ts'

const blind = { attempt: 1, cause: 'line', delayMs: 20_000, outagesMs: [], random: 0.5 } as const

test.each([
  ['a server is left its pause', { cause: 'server' }, 20_000],
  ['a line that never failed is looked at soon', {}, 500],
  ['one that did when it usually is back', { outagesMs: [3_000, 4_000, 60_000] }, 4_000],
  ['then after pauses that double', { attempt: 3, outagesMs: [4_000] }, 2_000],
  ['never after the pause that was drawn', { delayMs: 300 }, 300],
  ['nor then', { attempt: 12 }, 20_000],
] as const)('%s', (_what, situation, moment) => {
  expect(reconnectMoment({ ...blind, ...situation })).toBe(moment)
})

test('clients that lost their lines together do not look together', () => {
  const moments = [0, 0.3, 0.6, 0.9].map((random) =>
    reconnectMoment({ ...blind, outagesMs: [4_000], random }),
  )
  expect(moments).toEqual([3_000, 3_600, 4_200, 4_800])
})
