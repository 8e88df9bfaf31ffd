import type { Page } from 'playwright-core'

const busyMs = 400

/**
 * The id of the process that shows a page. Stopped (SIGSTOP), nothing of the page runs, and it keeps what it holds, locks
 * and connections: as browsers freeze pages that nobody looks at, where those of tests all count as looked at.
 */
export async function processOf(page: Page): Promise<number> {
  // Pages that are being closed have work to do as well, but not for long.
  for (let last: number | undefined; ; ) {
    const id = await busiestWhileBusy(page)
    if (id !== undefined && id === last) return id
    last = id
  }
}

/** Undefined where another one was about as busy. */
async function busiestWhileBusy(page: Page): Promise<number | undefined> {
  const before = await renderers(page)
  // It is told by what it does: no browser says which process is whose.
  await page.evaluate((ms) => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }, busyMs)
  const work = [...(await renderers(page))].map(([id, cpu]) => ({ id, cpu: cpu - (before.get(id) ?? 0) }))
  const [busiest, next] = work.sort((one, other) => other.cpu - one.cpu)
  if (busiest === undefined) throw new Error('The browser has no process that shows pages.')
  return busiest.cpu > 3 * (next?.cpu ?? 0) ? busiest.id : undefined
}

/** Processes that show pages, with the seconds of work that they have done. */
async function renderers(page: Page): Promise<ReadonlyMap<number, number>> {
  const session = await page.context().browser()?.newBrowserCDPSession()
  const { processInfo = [] } = (await session?.send('SystemInfo.getProcessInfo')) ?? {}
  await session?.detach()
  return new Map(
    processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]),
  )
}
