import type { Client } from '@parley/client'

export interface Performance {
  /** Events a second since the last report. */
  readonly eventsPerSecond: number
  /** From the server's clock to this one, in milliseconds: it holds the difference of the clocks too. */
  readonly medianAgeMs: number
  readonly reconnects: number
}

/** Reports every few seconds how much comes, how old it is, and how often the connection broke. Returns what ends it. */
export function monitorPerformance(
  client: Client,
  channel: string,
  { everyMs = 5_000, report }: { everyMs?: number; report: (performance: Performance) => void },
): () => void {
  let ages: number[] = []
  let reconnects = 0
  const subscription = client.subscribe(channel, { onEvent: ({ at }) => ages.push(Date.now() - at) })
  const stopListening = client.on('reconnecting', () => {
    reconnects += 1
  })
  const timer = setInterval(() => {
    const sorted = ages.sort((left, right) => left - right)
    report({
      eventsPerSecond: (sorted.length * 1000) / everyMs,
      medianAgeMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
      reconnects,
    })
    ages = []
  }, everyMs)
  return () => {
    clearInterval(timer)
    stopListening()
    subscription.unsubscribe()
  }
}
