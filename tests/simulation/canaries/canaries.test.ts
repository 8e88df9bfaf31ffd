import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defects } from './defects.ts'
import { runCanaries } from './run.ts'

const root = new URL('../../../', import.meta.url)

test('every planted bug finds its place in the sources, once', () => {
  for (const { name, changes } of defects)
    for (const { file, healthy } of changes) {
      const places = readFileSync(new URL(file, root), 'utf8').split(healthy).length - 1
      expect({ name, file, healthy, places }).toEqual({ name, file, healthy, places: 1 })
    }
  expect(new Set(defects.map(({ name }) => name)).size).toBe(defects.length)
})

test('planted bugs are found', async () => {
  for (const only of ['ack before flush', 'fan-out before commit', 'skipped position'])
    expect(await runCanaries({ seeds: 1, only, told: () => undefined })).toMatchObject([{ found: 1 }])
}, 180_000)
