import type { Grant, Identity } from '@parley/kernel'

/** The type of events that are published without one. */
export const defaultEventType = 'message'

/** Whether an event type is the business of a module, so that nobody else may publish it. */
export function belongsToModule(type: string, modules: ReadonlySet<string>): boolean {
  const dot = type.indexOf('.')
  return modules.has((dot < 0 ? type : type.slice(0, dot)).toLowerCase())
}

/** Whether an identity may see the names of all channels that begin with `prefix`. */
export function mayList(identity: Identity, prefix: string): boolean {
  return identity.grants.some((grant) => manages(grant) && coversAllUnder(grant.pattern, prefix))
}

function manages(grant: Grant): boolean {
  return grant.actions.includes('manage') || grant.actions.includes('*')
}

function coversAllUnder(pattern: string, prefix: string): boolean {
  return pattern.endsWith('*') && prefix.startsWith(pattern.slice(0, -1))
}
