/** What a server says of itself. */
export interface ServerHealth {
  readonly isRunning: boolean
  readonly isReady: boolean
  /** The parts that are not ready. */
  readonly problems: readonly string[]
}

/** Asks a server whether it runs and takes work. */
export async function performHealthCheck(url: string): Promise<ServerHealth> {
  const [health, ready] = await Promise.all([ask(`${url}/health`), ask(`${url}/ready`)])
  const { checks = [] } = (ready?.body ?? {}) as { checks?: readonly { name: string; ok: boolean }[] }
  return {
    isRunning: health?.ok === true,
    isReady: ready?.ok === true,
    problems: checks.filter(({ ok }) => !ok).map(({ name }) => name),
  }
}

async function ask(url: string): Promise<{ ok: boolean; body: unknown } | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return { ok: answer.ok, body: await answer.json().catch(() => undefined) }
  } catch {
    return undefined
  }
}
