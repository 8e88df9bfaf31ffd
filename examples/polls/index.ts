import { defineKind, implement, type Module } from '@parley/kernel'
import { polls } from './contract.ts'
import { handlers } from './handlers.ts'

/** Polls in channels of kind `poll`. */
export function pollsModule(): Module {
  return implement(polls, { handlers, kinds: [defineKind('polls', 'poll')] })
}
