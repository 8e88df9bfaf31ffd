import type { Membership } from '@parley/react'
import { expect, test } from 'vitest'
import { mayDoAbout } from './may.ts'

type Role = Membership['role']
const may = (mine: Role | undefined, theirs: Role, isMe = false) =>
  mayDoAbout(
    { user: 'grace', role: theirs, joinedAt: 1 },
    mine && { role: mine, notify: 'all', starred: false, joinedAt: 1 },
    isMe,
  )

test('members do nothing about others, nobody about themselves, and who reads from outside neither', () => {
  for (const answer of [may('member', 'member'), may('owner', 'member', true), may(undefined, 'member')])
    expect(answer).toEqual({ roles: [], remove: false })
})

test('an admin decides about members, up to their own role; an owner about everybody', () => {
  expect(may('admin', 'member')).toEqual({ roles: ['admin'], remove: true })
  expect(may('admin', 'admin')).toEqual({ roles: [], remove: false })
  expect(may('admin', 'owner')).toEqual({ roles: [], remove: false })
  expect(may('owner', 'member')).toEqual({ roles: ['admin', 'owner'], remove: true })
  expect(may('owner', 'admin')).toEqual({ roles: ['member', 'owner'], remove: true })
})
