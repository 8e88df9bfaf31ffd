import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linkEnd } from './links.ts'
import { blobKey, cleanName, fitsType, isTaken, nextDue, withoutPlace, withPlace } from './rules.ts'

describe('a name', () => {
  test.each([
    ['harbour.jpg', 'harbour.jpg'],
    ['C:\\Users\\ada\\plan.txt', 'plan.txt'],
    ['../../../etc/passwd', 'passwd'],
    ['.htaccess', 'htaccess'],
    ['  spaces .txt ', 'spaces .txt'],
    ['line\r\nbreak\u0000.txt', 'linebreak.txt'],
    ['picture\u202egpj.exe', 'picturegpj.exe'],
    ['Übung — 日本語 👩‍💻.pdf', 'Übung — 日本語 👩‍💻.pdf'],
    ['', 'file'],
    ['...', 'file'],
    ['/', 'file'],
    ['\ud800x.txt', 'x.txt'],
  ])('%j becomes %j', (given, clean) => {
    expect(cleanName(given)).toBe(clean)
  })

  test('that is long is cut, and keeps its ending', () => {
    const name = cleanName(`${'長'.repeat(500)}.jpeg`)
    expect([...name]).toHaveLength(200)
    expect(name).toMatch(/長\.jpeg$/)
  })

  test('is clean whatever was given, and stays as it is when it is cleaned again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
        const name = cleanName(given)
        expect(name).not.toBe('')
        expect(name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e]/u)
        expect([...name].length).toBeLessThanOrEqual(200)
        expect(name.isWellFormed()).toBe(true)
        expect(cleanName(name)).toBe(name)
      }),
    )
  })
})

test('types fit patterns', () => {
  expect(fitsType('image/png', ['image/*'])).toBe(true)
  expect(fitsType('image/png', ['image/png'])).toBe(true)
  expect(fitsType('image/png', ['*/*'])).toBe(true)
  expect(fitsType('imagex/png', ['image/*'])).toBe(false)
  expect(fitsType('image/png', [])).toBe(false)
  expect(isTaken('image/png', { accept: ['*/*'], refuse: ['image/*'] })).toBe(false)
})

test('places are sets, and a place without a thing in it stands for all of the channel', () => {
  const [here, there] = [
    { to: 'a:1', ref: 'm1' },
    { to: 'a:1', ref: 'm2' },
  ]
  const all = withPlace(withPlace(withPlace([], here), there), { to: 'a:2' })
  expect(withPlace(all, { ...here })).toBe(all)
  expect(withoutPlace(all, here)).toEqual([there, { to: 'a:2' }])
  expect(withoutPlace(all, { to: 'a:1' })).toEqual([{ to: 'a:2' }])
  expect(withoutPlace(all, { to: 'a:3' })).toBe(all)
  expect(withoutPlace(all, { to: 'a:2', ref: 'm1' })).toBe(all)
})

test('what is due follows from what a file is', () => {
  const limits = { unfinishedTtlMs: 100, unattachedTtlMs: 1_000 }
  const file = { owner: 'ada', size: 1, createdAt: 5, begun: 1, attached: [] }
  expect(nextDue({ ...file, status: 'uploading' }, 50, limits)).toBe(105)
  expect(nextDue({ ...file, status: 'processing' }, 50, limits)).toBe(50)
  expect(nextDue({ ...file, status: 'ready' }, 50, limits)).toBe(1_050)
  expect(nextDue({ ...file, status: 'ready', attached: [{ to: 'a:1' }] }, 50, limits)).toBeUndefined()
})

test('blobs are spread over folders, by app', () => {
  expect(blobKey('acme', 'abcdefghijklmnopqrst')).toBe('acme/ab/abcdefghijklmnopqrst')
})

test('links made within a quarter of their time end together, and none ends early', () => {
  const hour = 3_600_000
  const ends = new Set<number>()
  for (let now = 0; now < hour; now += hour / 60) {
    const end = linkEnd(now, hour)
    expect(end - now).toBeGreaterThanOrEqual(hour)
    expect(end - now).toBeLessThan(hour * 1.25)
    ends.add(end)
  }
  expect(ends.size).toBeLessThanOrEqual(5)
})
