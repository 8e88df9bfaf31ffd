import type { World } from '../world.ts'

/** What the server answers when it is asked whether it is ready; 0: nothing. */
export async function readiness({ server }: World): Promise<number> {
  const answer = fetch(`${server.url}/ready`, { signal: AbortSignal.timeout(2_000) })
  return answer.then(
    ({ status }) => status,
    () => 0,
  )
}
