import { faults, type SimulationReport, type Violation, type ViolationKind } from '@parley/kernel/simulation'

/** A seed that went wrong. */
export interface Failure {
  readonly seed: number
  readonly violations: readonly Violation[]
}

const durabilities = ['durable', 'recent', 'ephemeral'] as const

/** What many runs have in common. */
export class Totals {
  seeds = 0
  acks = 0
  recovered = 0
  unrecovered = 0
  shed = 0
  settledMs = 0
  convergedMs = 0
  mostQueued = 0
  readonly cutPlaces = new Set<number>()
  readonly deliveries = { durable: 0, recent: 0, ephemeral: 0 }
  readonly missed = { durable: 0, recent: 0, ephemeral: 0 }
  readonly violations = new Map<ViolationKind, number>()
  readonly faults = new Map<string, number>(faults.map((fault) => [fault, 0]))
  readonly failures: Failure[] = []

  add(report: SimulationReport): void {
    this.seeds += 1
    this.acks += report.acks
    this.recovered += report.recovered
    this.unrecovered += report.unrecovered
    this.shed += report.shed
    this.settledMs = Math.max(this.settledMs, report.settledMs)
    this.convergedMs = Math.max(this.convergedMs, report.convergedMs)
    this.mostQueued = Math.max(this.mostQueued, report.mostQueued)
    for (const bytes of report.cutPlaces) this.cutPlaces.add(bytes)
    for (const durability of durabilities) {
      this.deliveries[durability] += report.deliveries[durability]
      this.missed[durability] += report.missed[durability]
    }
    for (const [fault, count] of Object.entries(report.faults))
      this.faults.set(fault, (this.faults.get(fault) ?? 0) + count)
    for (const [kind, count] of Object.entries(report.counts) as [ViolationKind, number][])
      this.violations.set(kind, (this.violations.get(kind) ?? 0) + count)
    const { seed, violations } = report
    if (violations.length > 0) this.failures.push({ seed, violations })
  }

  get allDeliveries(): number {
    return durabilities.reduce((sum, durability) => sum + this.deliveries[durability], 0)
  }

  /** Part of the deliveries that came by recovery: they had been missed when they were sent. */
  get recoveredShare(): number {
    const missed = durabilities.reduce((sum, durability) => sum + this.missed[durability], 0)
    return missed / Math.max(this.allDeliveries, 1)
  }

  /** Faults that have never happened. */
  get missingFaults(): readonly string[] {
    return [...this.faults].filter(([, count]) => count === 0).map(([fault]) => fault)
  }

  asJson(): readonly string[] {
    const { deliveries, recoveredShare, acks, recovered, unrecovered, shed } = this
    const { settledMs, convergedMs, mostQueued } = this
    const share = Number(recoveredShare.toFixed(3))
    return [
      ...this.failures.map((failure) => JSON.stringify(failure)),
      JSON.stringify({ deliveries, recoveredShare: share, acks, recovered, unrecovered, shed }),
      JSON.stringify({ settledMs, convergedMs, mostQueued, cutPlaces: this.cutPlaces.size }),
      JSON.stringify({ faults: Object.fromEntries(this.faults) }),
    ]
  }

  asText(seconds: number): readonly string[] {
    const { deliveries, acks, recovered, unrecovered, shed, settledMs, convergedMs } = this
    const share = (this.recoveredShare * 100).toFixed(1)
    return [
      ...this.failures.flatMap(({ seed, violations }) => [
        `Seed ${seed} goes wrong:`,
        ...violations.slice(0, 5).map(({ at, kind, text }) => `  ${at} ms  ${kind}: ${text}`),
      ]),
      `Faults: ${[...this.faults].map(([fault, count]) => `${fault} ${count}`).join(', ')}`,
      ...(this.missingFaults.length === 0 ? [] : [`Never happened: ${this.missingFaults.join(', ')}`]),
      `Messages were cut after ${this.cutPlaces.size} different numbers of bytes`,
      `Deliveries: ${deliveries.durable} durable, ${deliveries.recent} recent, ${deliveries.ephemeral} ephemeral; ${share} % by recovery`,
      `${acks} acks; recovered ${recovered} times, not recovered ${unrecovered}; told of ${shed} losses`,
      `After the last fault: everything there within ${settledMs} ms, keyed state the same ${convergedMs} ms later`,
      `${this.seeds} seeds in ${seconds.toFixed(0)} s`,
    ]
  }
}
