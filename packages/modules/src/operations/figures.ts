import type { DurationHistogram, ModuleServices, Vitals, VitalsWatch } from '@parley/kernel'
import type { Figures } from './model.ts'

/** Counts since the start of a node, at one moment. */
interface Totals {
  readonly opened: number
  readonly closed: number
  readonly received: number
  readonly calls: number
  readonly published: number
  readonly delivered: number
  readonly caughtUp: number
  readonly queued: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly publishedIn: Readonly<Record<string, number>>
  readonly drops: Readonly<Record<string, number>>
}

/** What figures are read from. */
type Watched = Pick<ModuleServices, 'inspection' | 'drops'>

/** Measures a node from when it is made until `stop`: each reading tells what happened since the one before. */
export class Meter {
  readonly #services: Watched
  readonly #vitals: VitalsWatch
  readonly #call: DurationHistogram
  readonly #commit: DurationHistogram
  readonly #delivery: DurationHistogram
  readonly #stopTiming: () => void
  #before: Totals

  constructor(services: Watched, vitals: Vitals) {
    this.#services = services
    this.#vitals = vitals.watch()
    this.#call = this.#vitals.durations()
    this.#commit = this.#vitals.durations()
    this.#delivery = this.#vitals.durations()
    this.#stopTiming = services.inspection.time({
      called: (ms) => this.#call.record(ms),
      committed: (ms) => this.#commit.record(ms),
      delivered: (ms) => this.#delivery.record(ms),
    })
    this.#before = totalsOf(services)
  }

  read(at: number, intervalMs: number): Figures {
    const { inspection } = this.#services
    const { node } = inspection
    const counts = inspection.counts()
    const [now, before] = [totalsOf(this.#services), this.#before]
    this.#before = now
    const since = (name: Exclude<keyof Totals, 'drops' | 'publishedIn'>) => now[name] - before[name]
    return {
      ...{ node, at, intervalMs },
      connections: {
        ...{ open: counts.connections, sessions: counts.sessions, channels: counts.channels },
        ...{ opened: since('opened'), closed: since('closed') },
      },
      messages: {
        ...{ received: since('received'), calls: since('calls'), published: since('published') },
        ...{ delivered: since('delivered'), caughtUp: since('caughtUp'), queued: since('queued') },
      },
      traffic: { received: since('bytesIn'), sent: since('bytesOut') },
      collaboration: { users: counts.users, published: increases(now.publishedIn, before.publishedIn) },
      drops: increases(now.drops, before.drops),
      latency: { call: this.#call.read(), commit: this.#commit.read(), delivery: this.#delivery.read() },
      queues: { store: counts.queuedUnits, calls: counts.callsUnderWay },
      process: this.#vitals.read(),
    }
  }

  stop(): void {
    this.#stopTiming()
    this.#vitals.stop()
  }
}

/** Ends of connections that are nothing to speak of. */
const quiet = new Set(['client_left', 'client_closed', 'server_stopping', 'replaced'])

function totalsOf({ inspection, drops: list }: Watched): Totals {
  const { opened, closed, frames, calls, published, refused, closedFor, received, publishedIn } =
    inspection.activity
  const { deliveredLive, deliveredCatchUp, queued, sent } = inspection.counts()
  const drops: Record<string, number> = {}
  for (const { what, reason, count } of list())
    drops[`${what}.${reason}`] = (drops[`${what}.${reason}`] ?? 0) + count
  for (const [code, count] of refused) drops[`call.${code}`] = count
  for (const [reason, count] of closedFor) if (!quiet.has(reason)) drops[`connection.${reason}`] = count
  return {
    ...{ opened, closed, received: frames, calls, published, queued, drops },
    ...{ delivered: deliveredLive, caughtUp: deliveredCatchUp },
    ...{ bytesIn: received, bytesOut: sent, publishedIn: Object.fromEntries(publishedIn) },
  }
}

function increases(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const grown: Record<string, number> = {}
  for (const [name, count] of Object.entries(now)) {
    const more = count - (before[name] ?? 0)
    if (more > 0) grown[name] = more
  }
  return grown
}
