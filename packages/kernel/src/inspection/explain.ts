import { type Action, ParleyError, patternCovers } from '@parley/protocol'
import { mayOperate } from '../access/operator.ts'
import { type Permissions, readFilter } from '../access/permissions.ts'
import type { Revocations } from '../access/revocations.ts'
import type { Kind, Kinds } from '../kind.ts'
import type { Grant, Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Explanation, ExplanationStep } from './inspection.ts'

interface Question {
  readonly identity: Identity
  readonly action: Action
  readonly channel: string
}

interface ExplainParts {
  readonly clock: Clock
  readonly kinds: Kinds
  readonly permissions: Permissions
  readonly revocations: Revocations
}

type Step = ExplanationStep & { readonly advice?: string }

const passes = (name: Step['name'], reason: string): Step => ({ name, outcome: 'passes', reason })
const notAsked = (name: Step['name'], reason: string): Step => ({ name, outcome: 'not_asked', reason })
const refuses = (name: Step['name'], reason: string, advice: string): Step => ({
  ...{ name, outcome: 'refuses', reason, advice },
})

/** Goes the way that a permission check goes, and says at each step what was found. The check itself has the last word. */
export async function explain(question: Question, parts: ExplainParts): Promise<Explanation> {
  const steps: Step[] = [credentialsStep(question, parts)]
  const kind = kindOf(question.channel, parts.kinds)
  if (kind instanceof ParleyError) steps.push(refuses('channel', kind.message, channelAdvice))
  else {
    steps.push(passes('channel', `The channel is of kind \`${kind.name}\`, of module \`${kind.module}\`.`))
    steps.push(...ruleSteps(question, kind))
    steps.push(await authorizeStep(question, kind, parts.permissions, isRefused(steps)))
    if (question.action === 'read') steps.push(filterStep(question))
  }
  const refusal = steps.find(({ outcome }) => outcome === 'refuses')
  return {
    allowed: refusal === undefined,
    steps: steps.map(({ name, outcome, reason }) => ({ name, outcome, reason })),
    ...(refusal?.advice === undefined ? {} : { advice: refusal.advice }),
  }
}

const channelAdvice = 'Use a name of the form `kind:id`, and declare the kind in the configuration.'
const isRefused = (steps: readonly Step[]) => steps.some(({ outcome }) => outcome === 'refuses')

function credentialsStep({ identity }: Question, { clock, revocations }: ExplainParts): Step {
  if (revocations.covers(identity))
    return refuses('credentials', 'The token is revoked.', 'Have the user sign in again.')
  if (identity.expiresAt !== undefined && identity.expiresAt <= clock.now())
    return refuses('credentials', 'The token has expired.', 'Give the client a `getToken` callback.')
  const who = identity.role === 'backend' ? 'an app key' : 'a token'
  return passes('credentials', `The identity is that of ${who} of app \`${identity.app}\`.`)
}

function kindOf(channel: string, kinds: Kinds): Kind | ParleyError {
  try {
    return kinds.of(channel)
  } catch (error) {
    return error as ParleyError
  }
}

function ruleSteps(question: Question, kind: Kind): readonly Step[] {
  const { identity, action, channel } = question
  const rule = kind.access[action]
  const said = `Kind \`${kind.name}\` lets \`${rule}\` ${action}`
  const isBackend = identity.role === 'backend'
  if (rule === 'granted')
    return [passes('rule', `${said}: who holds a capability.`), capabilityStep(question)]
  const none = notAsked('capability', 'The rule of the kind needs none.')
  if (rule === 'anyone') return [passes('rule', `${said}: every valid identity.`), none]
  if (rule === 'user') {
    if (identity.user !== undefined || isBackend)
      return [passes('rule', `${said}: every signed-in user.`), none]
    return [refuses('rule', `${said}, and this identity has no user.`, 'Use a token with a `sub`.')]
  }
  if (rule === 'operator') {
    if (mayOperate(identity)) return [passes('rule', `${said}: who looks after the whole server.`), none]
    const advice = 'Use a token of app `default` with the capability {"*": ["manage"]}.'
    return [refuses('rule', `${said} only.`, advice)]
  }
  if (!isBackend) return [refuses('rule', `${said} only.`, `Do it from a back end, with an app key.`)]
  return [passes('rule', `${said}: app keys only.`), capabilityStep({ identity, action, channel })]
}

function capabilityStep({ identity, action, channel }: Question): Step {
  const covering = identity.grants.filter(({ pattern }) => patternCovers(pattern, channel))
  const granting = covering.find(({ actions }) => actions.includes(action) || actions.includes('*'))
  if (granting !== undefined) return passes('capability', `The capability ${textOf(granting)} covers it.`)
  const advice = `Sign tokens for this user with the capability {"${channel}": ["${action}"]}, or a pattern that covers it.`
  if (covering.length === 0)
    return refuses('capability', `None of ${identity.grants.length} capabilities covers the channel.`, advice)
  const held = covering.map(textOf).join(', ')
  return refuses('capability', `The channel is covered by ${held}, without \`${action}\`.`, advice)
}

const textOf = ({ pattern, actions }: Grant) => `{"${pattern}": ${JSON.stringify(actions)}}`

async function authorizeStep(
  { identity, action, channel }: Question,
  kind: Kind,
  permissions: Permissions,
  isDecided: boolean,
): Promise<Step> {
  if (kind.authorize === undefined) return notAsked('authorize', 'The kind asks nobody else.')
  if (identity.role === 'backend') return notAsked('authorize', 'App keys are not asked about.')
  if (isDecided) return notAsked('authorize', 'It was refused before.')
  const who = kind.module === 'channels' ? 'The webhook of the configuration' : `Module \`${kind.module}\``
  const refusal = await permissions.check(identity, action, channel, kind)
  if (refusal === undefined) return passes('authorize', `${who} says yes.`)
  if (refusal.code === 'forbidden')
    return refuses('authorize', `${who} says no.`, 'Make the user a member there, or change what it answers.')
  return refuses(
    'authorize',
    `${who} could not say: ${refusal.message}`,
    'See that it answers, then try again.',
  )
}

function filterStep({ identity, channel }: Question): Step {
  const filter = readFilter(identity, channel)
  if (filter === undefined) return notAsked('filter', 'Its capabilities put no filter on what is read.')
  return passes('filter', `Only events that match are read: ${JSON.stringify(filter)}.`)
}
