import { nodeCommand, startPinned } from './pinned.ts'
import type { Server, StartOptions, Target } from './targets.ts'

/** A server's event-loop delay in ms. */
export interface Delay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Runs one ask of the loader against a server, and the server's event-loop delay where the loader asks for it. */
export async function load<Result>(
  server: Server,
  name: string,
  input: object,
): Promise<{ result: Result; delay: Delay | undefined }> {
  let delay: Delay | undefined
  const answers = {
    collect: () => server.link?.ask('collect'),
    async stretch(isOn: boolean) {
      if (isOn) await server.link?.ask('delayStart')
      else delay = await server.link?.ask<Delay>('delayRead')
    },
  }
  const command = nodeCommand(new URL('./loader/main.ts', import.meta.url))
  const loader = startPinned({ core: 1, command, answers })
  try {
    const result = await loader.link.ask<Result>(name, { ...input, port: server.port, pid: server.pid })
    return { result, delay }
  } finally {
    await loader.stop()
  }
}

/** Runs something against a server that lives no longer. */
export async function against<Result>(
  target: Target,
  run: (server: Server) => Promise<Result>,
  options?: StartOptions,
): Promise<Result> {
  const server = await target.start(options)
  try {
    return await run(server)
  } finally {
    await server.stop()
  }
}
