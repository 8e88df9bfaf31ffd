import { describe, expect, test } from 'vitest'
import {
  directKey,
  mayAccess,
  mayAssign,
  outranks,
  type Role,
  roleOnJoining,
  successor,
  writeRefusal,
} from './rules.ts'

const roles: readonly (Role | undefined)[] = [undefined, 'member', 'admin', 'owner']
const actions = ['read', 'write', 'presence', 'manage'] as const

describe('who may do what', () => {
  const matrix = {
    private: { none: '----', member: 'rwp-', admin: 'rwpm', owner: 'rwpm' },
    public: { none: 'r---', member: 'rwp-', admin: 'rwpm', owner: 'rwpm' },
  } as const

  test.each(['private', 'public'] as const)('in a %s conversation', (visibility) => {
    for (const role of roles) {
      const letters = actions.map((action) =>
        mayAccess(action, { visibility, role, isBanned: false }) ? action.charAt(0) : '-',
      )
      expect([role, letters.join('')]).toEqual([role, matrix[visibility][role ?? 'none']])
    }
  })

  test('who was banned reads nothing, not even where everybody does', () => {
    expect(mayAccess('read', { visibility: 'public', role: undefined, isBanned: true })).toBe(false)
  })

  test('a closed conversation is closed for all, a locked one for members', () => {
    const open = { archived: false, locked: false }
    expect(['member', 'owner'].map((role) => writeRefusal(open, role as Role))).toEqual([
      undefined,
      undefined,
    ])
    const locked = { archived: false, locked: true }
    expect(['member', 'admin', 'owner'].map((role) => writeRefusal(locked, role as Role))).toEqual([
      'chat.locked',
      undefined,
      undefined,
    ])
    expect(writeRefusal({ archived: true, locked: true }, 'owner')).toBe('chat.archived')
  })
})

describe('roles', () => {
  test('nobody gives what they are not, and nobody changes their like', () => {
    const given: string[] = []
    const all = ['member', 'admin', 'owner'] as const
    for (const own of all)
      for (const from of all)
        for (const to of all)
          if (mayAssign(own, { from, to, isSelf: false })) given.push(`${own}: ${from} to ${to}`)
    expect(given).toEqual([
      'admin: member to member',
      'admin: member to admin',
      'owner: member to member',
      'owner: member to admin',
      'owner: member to owner',
      'owner: admin to member',
      'owner: admin to admin',
      'owner: admin to owner',
    ])
  })

  test('everybody may step down, and nobody up', () => {
    expect(mayAssign('admin', { from: 'admin', to: 'member', isSelf: true })).toBe(true)
    expect(mayAssign('owner', { from: 'owner', to: 'admin', isSelf: true })).toBe(true)
    expect(mayAssign('admin', { from: 'admin', to: 'owner', isSelf: true })).toBe(false)
  })

  test('equals do not outrank each other', () => {
    expect(outranks('owner', 'owner')).toBe(false)
    expect(outranks('owner', 'admin')).toBe(true)
    expect(outranks('member', 'admin')).toBe(false)
  })

  test('the admin who came first inherits, else the member who came first', () => {
    const ada = { user: 'ada', role: 'member', joinedAt: 1 } as const
    const bob = { user: 'bob', role: 'admin', joinedAt: 3 } as const
    const eve = { user: 'eve', role: 'admin', joinedAt: 2 } as const
    const dan = { user: 'dan', role: 'admin', joinedAt: 2 } as const
    expect(successor([ada, bob, eve, dan])?.user).toBe('dan')
    expect(successor([ada])?.user).toBe('ada')
    expect(successor([])).toBeUndefined()
  })

  test('an empty room belongs to who comes first', () => {
    expect([roleOnJoining(0), roleOnJoining(1)]).toEqual(['owner', 'member'])
  })
})

test('the same users have the same direct conversation, in whatever order they are named', () => {
  expect(directKey(['bob', 'ada', 'bob'])).toBe(directKey(['ada', 'bob']))
  expect(directKey(['ada'])).not.toBe(directKey(['ada', 'bob']))
})
