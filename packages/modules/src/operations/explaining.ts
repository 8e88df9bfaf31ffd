import type { Context, Explanation, Identity, Inspection } from '@parley/kernel'
import { type Action, type CommandContract, ParleyError } from '@parley/protocol'
import type { z } from 'zod'
import type { operations } from './contract.ts'

type Question = z.output<(typeof operations)['commands']['explain']['input']>
type Answer = z.output<(typeof operations)['commands']['explain']['output']>
type Step = Answer['steps'][number]

/** Why somebody may, or may not: the permission of a command, if one is named, then that of the channel. */
export async function explain(ctx: Context, question: Question, inspection: Inspection): Promise<Answer> {
  const identity = whose(ctx, question, inspection)
  if (question.command === undefined)
    return about(identity, question.action as Action, question.channel, inspection)
  const contract = commandOf(question.command, inspection)
  const flag = await flagStep(ctx, contract)
  const { permission } = contract
  if (typeof permission === 'string') return decided([flag, ofAnyone(permission, identity)])
  if (permission.channel === undefined) return decided([flag, ofApp(permission.action, identity)])
  const step: Step = {
    name: 'command',
    outcome: 'passes',
    reason: `\`${question.command}\` needs \`${permission.action}\` on the channel in \`${permission.channel}\`.`,
  }
  const rest = await about(identity, permission.action, question.channel, inspection)
  const isOff = flag.outcome === 'refuses'
  return {
    allowed: rest.allowed && !isOff,
    steps: [flag, step, ...rest.steps],
    ...(isOff ? { advice: 'Switch the feature on under feature flags.' } : {}),
    ...(isOff || rest.advice === undefined ? {} : { advice: rest.advice }),
  }
}

async function about(
  identity: Identity,
  action: Action,
  channel: string | undefined,
  inspection: Inspection,
): Promise<Answer> {
  if (channel === undefined) throw new ParleyError('bad_request', 'Say on which `channel`.')
  return copy(await inspection.explain(identity, action, channel))
}

const copy = ({ allowed, steps, advice }: Explanation): Answer => ({
  allowed,
  steps: steps.map((step) => ({ ...step })),
  ...(advice === undefined ? {} : { advice }),
})

function whose(ctx: Context, question: Question, inspection: Inspection): Identity {
  const { session, user, app = ctx.app, capabilities } = question
  if (session === undefined)
    return { app, role: 'user', grants: capabilities, ...(user === undefined ? {} : { user }) }
  const found = inspection.connection(session)
  if (found === undefined) throw new ParleyError('not_found', `This node has no session \`${session}\`.`)
  return found.identity
}

function commandOf(name: string, inspection: Inspection): CommandContract {
  const [module, verb] = name.split('.', 2) as [string, string | undefined]
  const contract = inspection.contracts().find((one) => one.name === module)
  const command = verb === undefined ? undefined : contract?.commands[verb]
  if (command === undefined || !Object.hasOwn(contract?.commands ?? {}, verb as string))
    throw new ParleyError('unknown_command', `No module offers a command \`${name}\`.`)
  return command as CommandContract
}

async function flagStep(ctx: Context, { flag }: CommandContract): Promise<Step> {
  if (flag === undefined)
    return { name: 'flag', outcome: 'not_asked', reason: 'No feature flag stands before it.' }
  const { flags } = (await ctx.call('flags.list', {})) as { flags: readonly { name: string; on: boolean }[] }
  const isOn = flags.find(({ name }) => name === flag)?.on === true
  if (isOn) return { name: 'flag', outcome: 'passes', reason: `The feature flag \`${flag}\` is on.` }
  return { name: 'flag', outcome: 'refuses', reason: `The feature flag \`${flag}\` is off.` }
}

function ofAnyone(permission: 'anyone' | 'public' | 'internal' | 'operator', identity: Identity): Step {
  const pass = (reason: string): Step => ({ name: 'command', outcome: 'passes', reason })
  if (permission === 'public') return pass('Everybody may call it, without credentials.')
  if (permission === 'anyone') return pass('Every valid identity may call it.')
  const isApp = mayManageApp(identity)
  if (permission === 'operator') {
    if (isApp && identity.app === 'default') return pass('The identity looks after the whole server.')
    const reason = 'It is for operators: app `default` with the capability {"*": ["manage"]}.'
    return { name: 'command', outcome: 'refuses', reason }
  }
  if (identity.role === 'backend' && isApp) return pass('App keys that may `manage` the app may call it.')
  const reason = 'It is for other modules, and for app keys that may `manage` the app.'
  return { name: 'command', outcome: 'refuses', reason }
}

function ofApp(action: Action, identity: Identity): Step {
  const isGranted = grants(identity, action)
  const reason = `It needs \`${action}\` on the app as a whole (pattern \`*\`)`
  if (isGranted) return { name: 'command', outcome: 'passes', reason: `${reason}, which the identity has.` }
  return { name: 'command', outcome: 'refuses', reason: `${reason}, which the identity has not.` }
}

const grants = (identity: Identity, action: Action) =>
  identity.grants.some(
    ({ pattern, actions }) => pattern === '*' && (actions.includes(action) || actions.includes('*')),
  )
const mayManageApp = (identity: Identity) => grants(identity, 'manage')

function decided(steps: readonly Step[]): Answer {
  const refusal = steps.find(({ outcome }) => outcome === 'refuses')
  return {
    allowed: refusal === undefined,
    steps: [...steps],
    ...(refusal === undefined ? {} : { advice: adviceFor(refusal) }),
  }
}

function adviceFor({ name }: Step): string {
  if (name === 'flag') return 'Switch the feature on under feature flags.'
  return 'Sign tokens with what it needs, or call it from a back end with an app key.'
}
