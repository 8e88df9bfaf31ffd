import type { Durability } from '../kind.ts'
import { Random } from './world/random.ts'

/** Faults, as they are counted. */
export const faults = [
  'delay',
  'link_loss',
  'half_open',
  'slow_reader',
  'stalled_reader',
  'cut',
  'reload',
  'two_tabs',
  'token_expiry',
  'access_change',
  'rate_limit',
  'crash',
  'power_cut',
  'restart',
  'restore',
  'disk_full',
  'slow_disk',
  'failed_commit',
  'unknown_outcome',
  'torn_tail',
  'clock_jump',
  'sigstop',
  'tab_frozen',
  'drain',
  'rolling_restart',
  'broker_loss',
  'partition',
  'announcement_lost',
  'announcement_doubled',
  'announcement_late',
  'announcement_swapped',
  'outbox_reload',
  'outbox_lost',
  'outbox_slow',
  'outbox_full',
  'leader_closed',
  'leader_frozen',
  'page_left',
  'sockets_blocked',
] as const
export type Fault = (typeof faults)[number]

/** What users do. */
export const deeds = [
  'publish',
  'edit',
  'many',
  'rest',
  'subscribe',
  'unsubscribe',
  'mood',
  'history',
  'redact',
] as const
export type Deed = (typeof deeds)[number]

/** One thing that happens. What its numbers mean depends on what it is; see `actions.ts`. */
export interface Action {
  /** Virtual time in ms. */
  readonly at: number
  readonly do: Fault | Deed
  /** Which tab, node or user: taken modulo how many there are. */
  readonly who: number
  /** Which channel: taken modulo how many there are. */
  readonly channel: number
  /** How many, how large, in which way. */
  readonly amount: number
  /** For how long, in ms. */
  readonly forMs: number
}

/** Which channels there are: those of one durability, or some of each. */
export type ChannelClass = Durability | 'all'

/**
 * What tabs may use besides the client itself: a durable outbox for what is keyed, one connection for those of a user, other
 * transports where WebSockets do not get through.
 */
export const extras = ['outbox', 'tabs', 'fallback'] as const
export type Extra = (typeof extras)[number]

/** Everything that happens in one run. The rest (latencies, pauses, secrets) follows from the seed. */
export interface Schedule {
  readonly seed: number
  readonly class: ChannelClass
  readonly nodes: number
  /** Default: nothing besides. */
  readonly with?: readonly Extra[]
  readonly actions: readonly Action[]
}

export interface ScheduleOptions {
  readonly seed: number
  readonly steps: number
  readonly class: ChannelClass
  readonly nodes: number
  /** Default: as it follows from the seed. */
  readonly with?: readonly Extra[] | undefined
  /** How often some things come, in place of the usual. */
  readonly weights?: Partial<Readonly<Record<Fault | Deed, number>>> | undefined
}

/** How often each deed comes, in relation to the others. */
const deedWeights: Readonly<Record<Deed, number>> = {
  publish: 54,
  edit: 8,
  many: 5,
  rest: 6,
  subscribe: 9,
  unsubscribe: 6,
  mood: 6,
  history: 4,
  redact: 5,
}

const faultWeights: Readonly<Record<Exclude<Fault, ExtraFault>, number>> = {
  delay: 3,
  link_loss: 30,
  half_open: 4,
  slow_reader: 6,
  stalled_reader: 6,
  cut: 6,
  reload: 12,
  two_tabs: 2,
  token_expiry: 6,
  access_change: 6,
  rate_limit: 5,
  crash: 0.8,
  power_cut: 0.5,
  restart: 0.4,
  restore: 0.8,
  disk_full: 1.5,
  slow_disk: 1.5,
  failed_commit: 3,
  unknown_outcome: 5,
  torn_tail: 0.8,
  clock_jump: 2,
  sigstop: 1.5,
  tab_frozen: 2,
  drain: 0.5,
  rolling_restart: 0.3,
  broker_loss: 0.8,
  partition: 1,
  announcement_lost: 1,
  announcement_doubled: 1,
  announcement_late: 1.5,
  announcement_swapped: 1,
}

/** Faults of what tabs use besides: how often they come, in relation to the other faults of the same. */
const extraWeights = {
  outbox: { outbox_reload: 5, outbox_lost: 3, outbox_slow: 2, outbox_full: 1 },
  tabs: { leader_closed: 3, leader_frozen: 1.5, page_left: 2 },
  fallback: { sockets_blocked: 1 },
} as const satisfies Readonly<Record<Extra, Partial<Record<Fault, number>>>>
type ExtraFault = { [E in Extra]: keyof (typeof extraWeights)[E] }[Extra]

/** The part of the runs in which tabs use it. */
const extraShares: Readonly<Record<Extra, number>> = { outbox: 0.5, tabs: 0.35, fallback: 0.2 }

/** Mean time between two things. */
const gapMs = 55
/** Mean time between two faults of something that tabs use besides. */
const extraGapMs = 1_500

/** Everything that happens for a seed. Each seed has favourites among the faults, so that rare combinations come up. */
export function makeSchedule(options: ScheduleOptions): Schedule {
  const { seed, class: of, nodes, with: used = extrasOf(seed) } = options
  const usual = usualActions(options)
  const endsAt = usual.at(-1)?.at ?? 0
  const actions = used.flatMap((extra) => extraActions(extra, endsAt, options))
  return { seed, class: of, nodes, with: used, actions: [...usual, ...actions].sort((a, b) => a.at - b.at) }
}

/** Drawn by themselves, as all that follows: what happens otherwise is the same with them and without. */
function extrasOf(seed: number): readonly Extra[] {
  const random = new Random(seed).fork('extras')
  return extras.filter((extra) => random.next() < extraShares[extra])
}

function extraActions(
  extra: Extra,
  endsAt: number,
  { seed, weights = {} }: ScheduleOptions,
): readonly Action[] {
  const random = new Random(seed).fork(`extra ${extra}`)
  const usual: Readonly<Record<string, number>> = extraWeights[extra]
  const choices = Object.entries(usual).map(
    ([name, weight]) => [name, weights[name as Fault] ?? weight] as const,
  )
  const actions: Action[] = []
  for (let at = 500; ; ) {
    at += Math.floor(-Math.log(1 - random.next()) * extraGapMs)
    if (at >= endsAt) return actions
    actions.push(actionAt(at, draw(random, choices), random))
  }
}

function usualActions({ seed, steps, weights = {} }: ScheduleOptions): readonly Action[] {
  const random = new Random(seed).fork('schedule')
  const faultShare = 0.18 + random.next() * 0.32
  const favour = (usual: Readonly<Record<string, number>>) =>
    Object.entries(usual).map(([name, weight]) => {
      const favoured = weight * favourOf(random)
      return [name, weights[name as Fault | Deed] ?? favoured] as const
    })
  const wishes = favour(deedWeights)
  const mishaps = favour(faultWeights)
  const actions: Action[] = []
  let at = 500
  for (let step = 0; step < steps; step++) {
    at += Math.floor(-Math.log(1 - random.next()) * gapMs)
    actions.push(actionAt(at, draw(random, random.next() < faultShare ? mishaps : wishes), random))
  }
  return [...actions, ...lastWords(random, at)]
}

function actionAt(at: number, name: string, random: Random): Action {
  return {
    at,
    do: name as Fault | Deed,
    who: random.below(64),
    channel: random.below(64),
    amount: random.below(1_000),
    forMs: 20 + Math.floor(random.next() ** 3 * 4_000),
  }
}

/** What goes wrong with the very last event of a channel is put right by no other. */
function lastWords(random: Random, at: number): readonly Action[] {
  const faults = ['unknown_outcome', 'announcement_lost', 'torn_tail', 'crash'] as const
  return [1, 2, 3].flatMap((round): Action[] => {
    const one = {
      at: at + round * 700,
      who: random.below(64),
      channel: random.below(64),
      amount: 1,
      forMs: 300,
    }
    // One event alone: nothing that follows shows that it is missing.
    const publish: Action = { ...one, do: 'publish', at: one.at + 10, amount: 0 }
    return [{ ...one, do: random.pick(faults) }, publish]
  })
}

/** A third of everything is left out, a third comes more often. */
function favourOf(random: Random): number {
  const dice = random.next()
  if (dice < 0.25) return 0.1
  return dice < 0.75 ? 1 : 4
}

function draw(random: Random, weights: readonly (readonly [string, number])[]): string {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [name, weight] of weights) {
    left -= weight
    if (left < 0) return name
  }
  return weights[0]?.[0] as string
}
