import type { Check } from '../node/node.ts'

/** What a check found: a problem, or none. */
export function checkOf(name: string, problem: string | undefined): Check {
  return problem === undefined ? { name, ok: true } : { name, ok: false, problem }
}
