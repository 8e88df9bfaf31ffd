/** A class of traffic: a kind of this name and lane, its share of the messages, and the time it has to be delivered in. */
export interface Tier {
  readonly name: 'critical' | 'high' | 'normal' | 'low' | 'background'
  /** Of 100 messages. */
  readonly share: number
  readonly millis: number | undefined
}

/** What is urgent is the smaller part, so that there is something to yield. */
export const tiers: readonly Tier[] = [
  { name: 'critical', share: 5, millis: 25 },
  { name: 'high', share: 10, millis: 75 },
  { name: 'normal', share: 25, millis: 200 },
  { name: 'low', share: 30, millis: 1_000 },
  { name: 'background', share: 30, millis: undefined },
]

/** Shares of capacity at which the tiers are looked at, by the names of their values. */
export const loads = [
  { name: 'at 70 %', of: 0.7 },
  { name: 'at 100 %', of: 1 },
  { name: 'at 300 %', of: 3 },
] as const
