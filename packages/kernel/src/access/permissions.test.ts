import { type Action, ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { type Access, type AuthorizeRequest, defineKind, type Kind } from '../kind.ts'
import { type Limits, limitDefaults } from '../limits.ts'
import type { Grant, Identity } from '../ports/authenticator.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Permissions, readFilter } from './permissions.ts'

const channel = 'chat:1'
const actions: readonly Action[] = ['read', 'write', 'presence', 'manage']
const accesses: readonly Access[] = ['anyone', 'user', 'granted', 'backend', 'operator']

const person = (user: string | undefined, ...grants: Grant[]): Identity => ({
  app: 'app',
  role: 'user',
  grants,
  ...(user === undefined ? {} : { user }),
})
const backend = (...grants: Grant[]): Identity => ({ app: 'app', role: 'backend', grants })
const grant = (pattern: string, ...of: Grant['actions'][number][]): Grant => ({ pattern, actions: of })

function open(limits: Partial<Limits> = {}): { clock: VirtualClock; permissions: Permissions } {
  const clock = new VirtualClock()
  return { clock, permissions: new Permissions(clock, { ...limitDefaults, ...limits }) }
}

/** A kind that asks somebody, and the questions so far. */
function asking(answer: (request: AuthorizeRequest) => boolean | Promise<boolean>): {
  kind: Kind
  asked: string[]
} {
  const asked: string[] = []
  const authorize = async (request: AuthorizeRequest) => {
    asked.push(`${request.identity.user} ${request.action} ${request.channel}`)
    return answer(request)
  }
  return { kind: defineKind('test', 'chat', { access: { read: 'user', write: 'user' }, authorize }), asked }
}

/** A question that stays open until it is answered. */
function opening<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}

describe('the rule of a kind', () => {
  // By access rule: a guest, a user and a back end; each without a grant and with one.
  const table: Readonly<Record<Access, readonly [string, boolean][]>> = {
    anyone: [
      ['guest', true],
      ['guest+', true],
      ['user', true],
      ['user+', true],
      ['backend', true],
      ['backend+', true],
    ],
    user: [
      ['guest', false],
      ['guest+', false],
      ['user', true],
      ['user+', true],
      ['backend', true],
      ['backend+', true],
    ],
    granted: [
      ['guest', false],
      ['guest+', true],
      ['user', false],
      ['user+', true],
      ['backend', false],
      ['backend+', true],
    ],
    backend: [
      ['guest', false],
      ['guest+', false],
      ['user', false],
      ['user+', false],
      ['backend', false],
      ['backend+', true],
    ],
    // A capability on some channels makes nobody an operator.
    operator: [
      ['guest+', false],
      ['user', false],
      ['user+', false],
      ['backend+', false],
    ],
  }
  const cases = accesses.flatMap((access) =>
    table[access].flatMap(([who, isAllowed]) =>
      actions.map((action) => ({ access, action, who, isAllowed })),
    ),
  )

  test.each(cases)('$access: $action as $who → $isAllowed', ({ access, action, who, isAllowed }) => {
    const grants = who.endsWith('+') ? [grant('chat:*', action)] : []
    const name = who.replace('+', '')
    const identity =
      name === 'backend' ? backend(...grants) : person(name === 'guest' ? undefined : 'ann', ...grants)
    const kind = defineKind('test', 'chat', { access: { [action]: access } })
    const answer = open().permissions.check(identity, action, channel, kind)
    expect(answer === undefined).toBe(isAllowed)
    if (!isAllowed) expect(answer).toMatchObject({ code: 'forbidden', details: { action, channel } })
  })

  test.each([
    ['another action', grant('chat:*', 'write'), false],
    ['another channel', grant('chat:2', 'read'), false],
    ['another kind', grant('chats:*', 'read'), false],
    ['the channel itself', grant(channel, 'read'), true],
    ['what begins like it', grant('ch*', 'read'), true],
    ['all channels', grant('*', 'read'), true],
    ['all actions', grant('chat:*', '*'), true],
  ])('a grant for %s', (_what, of, isAllowed) => {
    const answer = open().permissions.check(person('ann', of), 'read', channel, defineKind('test', 'chat'))
    expect(answer === undefined).toBe(isAllowed)
  })

  test('an app as a whole takes a grant of all', () => {
    const { permissions } = open()
    expect(permissions.checkApp(backend(grant('*', 'manage')), 'manage')).toBeUndefined()
    for (const held of [grant('*', 'read'), grant('chat:*', 'manage')])
      expect(permissions.checkApp(person('ann', held), 'manage')).toMatchObject({ code: 'forbidden' })
  })
})

describe('who is asked', () => {
  test('decides, after the rule', async () => {
    const { kind, asked } = asking(({ identity }) => identity.user === 'ann')
    const { permissions } = open()
    expect(permissions.check(person(undefined), 'read', channel, kind)).toMatchObject({ code: 'forbidden' })
    expect(permissions.check(backend(), 'read', channel, kind)).toBeUndefined()
    expect(asked).toEqual([])
    expect(await permissions.check(person('ann'), 'read', channel, kind)).toBeUndefined()
    expect(await permissions.check(person('bob'), 'read', channel, kind)).toMatchObject({ code: 'forbidden' })
  })

  test.each([true, false])('is not asked again while the answer %s holds', async (isAllowed) => {
    const { kind, asked } = asking(() => isAllowed)
    const { clock, permissions } = open()
    const check = () => permissions.check(person('ann'), 'read', channel, kind)
    const first = await check()
    expect(first === undefined).toBe(isAllowed)
    await clock.advance(limitDefaults.permissionTtlMs - 1)
    clock.jump(1e9)
    expect(check()).toEqual(first)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    await check()
    expect(asked).toHaveLength(2)
  })

  test('is asked by user, action, channel and app', async () => {
    const { kind, asked } = asking(() => true)
    const { permissions } = open()
    await permissions.check(person('ann'), 'read', channel, kind)
    await permissions.check(person('bob'), 'read', channel, kind)
    await permissions.check(person('ann'), 'write', channel, kind)
    await permissions.check(person('ann'), 'read', 'chat:2', kind)
    await permissions.check({ ...person('ann'), app: 'other' }, 'read', channel, kind)
    expect(asked).toHaveLength(5)
  })

  test('is asked once by those who ask at the same time', async () => {
    const { promise, resolve } = opening<boolean>()
    const { kind, asked } = asking(() => promise)
    const { permissions } = open()
    const checks = [1, 2, 3].map(() => permissions.check(person('ann'), 'read', channel, kind))
    resolve(true)
    expect(await Promise.all(checks)).toEqual([undefined, undefined, undefined])
    expect(asked).toHaveLength(1)
  })

  test('and fails has said nothing: it is refused now and asked anew', async () => {
    let error: Error = new Error('secret cause')
    const { kind, asked } = asking(() => Promise.reject(error))
    const { permissions } = open()
    const check = () => permissions.check(person('ann'), 'read', channel, kind)
    const refusal = (await check()) as ParleyError
    expect(refusal).toMatchObject({ code: 'unavailable', retryable: true })
    expect(refusal.message).not.toContain('secret')
    error = new ParleyError('overloaded')
    expect(await check()).toBe(error)
    expect(asked).toHaveLength(2)
  })

  test('is asked every time while nothing is to be remembered', async () => {
    let isCaching = true
    const permissions = new Permissions(new VirtualClock(), limitDefaults, () => isCaching)
    let answer = true
    const { kind, asked } = asking(() => answer)
    const ask = async () => permissions.check(person('ada'), 'read', 'chat:a', kind)
    expect(await ask()).toBeUndefined()
    answer = false
    expect(await ask()).toBeUndefined()
    isCaching = false
    expect(await ask()).toMatchObject({ code: 'forbidden' })
    expect(await ask()).toMatchObject({ code: 'forbidden' })
    expect(asked).toHaveLength(3)
  })

  test('is remembered for a bounded number of questions: the oldest answers go', async () => {
    const { kind, asked } = asking(() => true)
    const { permissions } = open({ maxPermissionEntries: 2 })
    for (const user of ['a', 'b', 'c', 'c', 'b', 'a'])
      await permissions.check(person(user), 'read', channel, kind)
    expect(asked.map((line) => line[0])).toEqual(['a', 'b', 'c', 'a'])
  })
})

describe('an access change', () => {
  test.each([
    ['of a user in a channel', { user: 'ann', channel }, ['ann chat:1']],
    ['of a user', { user: 'ann' }, ['ann chat:1', 'ann chat:2']],
    ['of a channel', { channel }, ['ann chat:1', 'bob chat:1']],
    ['of all', {}, ['ann chat:1', 'ann chat:2', 'bob chat:1', 'bob chat:2']],
  ])('%s drops the answers that it concerns, of every action, and no other', async (_what, about, anew) => {
    const { kind, asked } = asking(() => true)
    const { permissions } = open()
    const askAll = async () => {
      for (const user of ['ann', 'bob'])
        for (const name of [channel, 'chat:2'])
          for (const action of ['read', 'write'] as const)
            await permissions.check(person(user), action, name, kind)
    }
    await askAll()
    permissions.forget('other app', about)
    asked.length = 0
    await askAll()
    expect(asked).toEqual([])
    permissions.forget('app', about)
    await askAll()
    const both = anew.flatMap((line) => ['read', 'write'].map((action) => line.replace(' ', ` ${action} `)))
    expect(asked.toSorted()).toEqual(both.toSorted())
  })

  test('while a question is open has it asked anew: an old yes lets nobody in', async () => {
    const first = opening<boolean>()
    const answers: (boolean | Promise<boolean>)[] = [first.promise, false]
    const { kind, asked } = asking(() => answers.shift() as boolean)
    const { permissions } = open()
    const check = permissions.check(person('ann'), 'read', channel, kind)
    permissions.forget('app', { user: 'ann' })
    first.resolve(true)
    expect(await check).toMatchObject({ code: 'forbidden' })
    expect(asked).toHaveLength(2)
    expect(permissions.check(person('ann'), 'read', channel, kind)).toMatchObject({ code: 'forbidden' })
  })

  test('that never stops ends in a conflict, which is not remembered', async () => {
    const { permissions } = open()
    let isChanging = true
    const { kind, asked } = asking(() => {
      if (isChanging) permissions.forget('app', { channel })
      return true
    })
    const check = () => permissions.check(person('ann'), 'read', channel, kind)
    expect(await check()).toMatchObject({ code: 'conflict', retryable: true })
    expect(asked.length).toBeLessThan(10)
    isChanging = false
    expect(await check()).toBeUndefined()
  })

  test('is noticed by who watches for it, until it stops watching', () => {
    const { permissions } = open()
    const watch = permissions.watch('app', 'ann', channel)
    permissions.forget('app', { user: 'bob' })
    permissions.forget('app', { user: 'ann', channel: 'chat:2' })
    permissions.forget('other', {})
    expect(watch.isChanged).toBe(false)
    permissions.forget('app', { user: 'ann', channel })
    expect(watch.isChanged).toBe(true)
    watch.isChanged = false
    permissions.unwatch(watch)
    permissions.forget('app', {})
    expect(watch.isChanged).toBe(false)
  })
})

describe('the filter that grants put on reading', () => {
  const only = (type: string) => ({ field: 'type', eq: type })
  const filtered = (pattern: string, type: string): Grant => ({
    ...grant(pattern, 'read'),
    filter: only(type),
  })

  test.each([
    ['none of them reads', [{ ...filtered('chat:*', 'a'), actions: ['write'] as const }], undefined],
    ['one', [filtered('chat:*', 'a'), filtered('feed:*', 'b')], only('a')],
    [
      'several: what any lets through',
      [filtered('chat:*', 'a'), filtered('*', 'b')],
      { any: [only('a'), only('b')] },
    ],
    ['one reads without', [filtered('chat:*', 'a'), grant('chat:1', '*')], undefined],
  ])('%s', (_what, grants, filter) => {
    expect(readFilter(person('ann', ...grants), channel)).toEqual(filter)
  })
})
