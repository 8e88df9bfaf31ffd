import { defineKind } from '../kind.ts'

/** The kind of the channel on which access changes are recorded. Only back ends may read it. */
export const controlKind = defineKind('kernel', 'control', {
  durability: 'durable',
  presence: false,
  access: { read: 'backend', write: 'backend', presence: 'backend', manage: 'backend' },
  lane: 'critical',
})
