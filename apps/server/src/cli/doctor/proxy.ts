import { type Finding, type HealthCheck, ok, problem, skipped } from './finding.ts'
import { whoAnswers } from './patient.ts'

const answerMs = 15_000
/** The server sends the second part so long after the first; whoever gets both nearly at once has a proxy that keeps them. */
const togetherMs = 500

/** Whether what stands before the server passes streams and WebSockets on. */
export const proxyCheck: HealthCheck = {
  name: 'proxy',
  title: 'Proxy',
  async look({ config, publicUrl }) {
    if (publicUrl === undefined) return skipped('Give --public-url to look at the way that users take.')
    const url = publicUrl.replace(/\/+$/, '')
    if ((await whoAnswers(url)).who !== 'parley')
      return problem(
        `At ${url} no Parley server answers.`,
        'Let the proxy pass requests on to the server, with their paths and the header Host.',
      )
    // A busy machine may take both parts late: it is asked once more.
    if ((await isBuffered(url)) && (await isBuffered(url))) return buffers(url)
    const [path = '/realtime'] = config?.websocketPaths ?? []
    if (!(await takesWebSockets(url + path))) return refusesUpgrade(url + path)
    return ok(`Streams and WebSockets pass through ${url}.`)
  },
}

function buffers(url: string): Finding {
  return problem(
    `What stands at ${url} keeps streams back until they end: clients without WebSocket get nothing meanwhile.`,
    'Switch buffering off for the server. nginx: `proxy_buffering off;` and no `proxy_ignore_headers X-Accel-Buffering;`. ' +
      'Apache: `flushpackets=on`. A content delivery network: do not cache or compress text/event-stream.',
  )
}

function refusesUpgrade(url: string): Finding {
  return problem(
    `No WebSocket can be opened at ${url}.`,
    'Let the proxy pass the upgrade on. nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; ' +
      'proxy_set_header Connection $connection_upgrade; proxy_set_header Host $host;`',
  )
}

/** The server sends two parts with a pause between; here is seen whether they come so. */
async function isBuffered(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/stream`, {
    headers: { accept: 'text/event-stream' },
    signal: AbortSignal.timeout(answerMs),
  })
  const times: number[] = []
  for await (const _ of response.body ?? []) times.push(performance.now())
  const [first = 0] = times
  return response.ok && (times.at(-1) ?? 0) - first < togetherMs
}

function takesWebSockets(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'parley.v1.json')
    const end = (isOpen: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(isOpen)
    }
    const timer = setTimeout(() => end(false), answerMs)
    socket.addEventListener('open', () => end(true))
    socket.addEventListener('error', () => end(false))
  })
}
