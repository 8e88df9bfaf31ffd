import { parseChannelName } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { pusherNameOf, readChannelName, userChannelOf, userIdProblem, userOfName } from './names.ts'

const read = (name: unknown) => {
  const found = readChannelName(name)
  if (typeof found === 'string') throw new Error(found)
  return found
}

describe('names of channels', () => {
  test.each([
    'my-channel',
    'a,b;c',
    '-dash',
    '..',
    'a...b',
    '=@_.;,-',
    ',,',
    '0',
    'A'.repeat(164),
    ',;'.repeat(82),
  ])('%s has a name here, and comes back', (name) => {
    const { channel } = read(name)
    expect(parseChannelName(channel)).toBeDefined()
    expect(pusherNameOf(channel)).toBe(name)
  })

  test('two names are never one channel', () => {
    const signs = ['a', '-', ',', ';', '.', '..', 'x']
    const names = signs.flatMap((one) => signs.flatMap((two) => signs.map((three) => one + two + three)))
    const different = new Set(names)
    expect(new Set([...different].map((name) => read(name).channel)).size).toBe(different.size)
  })

  test('say what the channel is', () => {
    expect(read('news')).toMatchObject({ isPrivate: false, hasMembers: false, isCache: false })
    expect(read('private-a')).toMatchObject({ isPrivate: true, isEncrypted: false })
    expect(read('private-encrypted-a')).toMatchObject({ isPrivate: true, isEncrypted: true })
    expect(read('presence-a')).toMatchObject({ isPrivate: true, hasMembers: true })
    for (const name of ['cache-', 'private-cache-', 'presence-cache-', 'private-encrypted-cache-'])
      expect(read(`${name}a`).isCache).toBe(true)
    expect(read('my-cache-a').isCache).toBe(false)
  })

  test.each(['', 'a b', 'chat:general', 'é', '#x', 'a/b', 17, undefined, 'A'.repeat(165), '.'.repeat(120)])(
    '%s is none',
    (name) => expect(readChannelName(name)).toBeTypeOf('string'),
  )
})

describe('users', () => {
  test.each(['alice', '42', 'a b', 'ü', '..', '🙂', '~', 'x'.repeat(128), ' '.repeat(128)])(
    '%s has a channel',
    (user) => expect(parseChannelName(userChannelOf(user))).toBeDefined(),
  )

  test('have different channels', () => {
    const users = ['a', 'a~', '~', '~7e~', 'a.b', 'a..b', ' ', 'u', 'é', 'e']
    expect(new Set(users.map(userChannelOf)).size).toBe(users.length)
  })

  test('are named by what clients subscribe to', () => {
    expect(userOfName('#server-to-user-a:b')).toBe('a:b')
    expect(userOfName('server-to-user-a')).toBeUndefined()
    expect(userIdProblem('')).toBeDefined()
    expect(userIdProblem('x'.repeat(129))).toBeDefined()
    expect(userIdProblem('x')).toBeUndefined()
  })
})
