import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { hasPrometheus, type Prometheus, startPrometheus } from './prometheus.ts'
import { ServerProcess } from './server-process.ts'

const deploy = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url))
const dashboard = JSON.parse(readFileSync(deploy('grafana/parley.json'), 'utf8')) as {
  readonly panels: readonly {
    readonly title: string
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}
const rules = parse(readFileSync(deploy('prometheus/parley.rules.yml'), 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

/** What nobody may find in a label. */
const hostile = 'hostile-7f3a'
const attempts = 150

let server: ServerProcess
let text: string

beforeAll(async () => {
  server = await ServerProcess.start()
  await beBusy()
  text = await (await fetch(`${server.url}/metrics`)).text()
})
afterAll(() => server?.remove())

/** Traffic of every kind, with names that somebody else makes up. */
async function beBusy(): Promise<void> {
  const token = await server.token(hostile)
  const client = createClient({ url: server.url, token, maxRetries: 0 })
  await client.connect()
  await client.subscribe('chat:general', { recent: 1, state: true }).ready
  for (let count = 0; count < attempts; count++) {
    const name = `${hostile}-${count}`
    await Promise.allSettled([
      client.call(`${name}.run`, {}),
      client.call('channels.publish', {
        channel: `chat:${name}`,
        data: name,
        type: name.replaceAll('-', '_'),
      }),
      client.call('channels.publish', { channel: 'live:a', data: name }),
      client.call('channels.publish', { channel: `${name}:a`, data: 1 }),
      fetch(`${server.url}/${name}?${name}`, { headers: { 'x-request-id': name, 'user-agent': name } }),
      fetch(`${server.url}/api/channels/chat:${name}/events`, {
        headers: { 'x-api-key': `${name}:${name}` },
      }),
      fetch(`${server.url}/api/auth/whoami`, { headers: { authorization: `Bearer ${name}` } }),
      strangeMethod('PROPFIND', `/api/${name}`),
    ])
  }
  client.disconnect()
}

function strangeMethod(method: string, path: string): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(server.url + path, { method }, (response) => response.resume().on('end', resolve))
    asked.on('error', () => resolve())
    asked.end()
  })
}

interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
}

/** Every metric, as the server declares it. */
function families(): readonly Family[] {
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => ({
      ...{ name, help, type },
    }),
  )
}

const ours = () => families().filter(({ name }) => name.startsWith('parley_'))

test('names follow the conventions: base units, a suffix that says what it is, a help that is a sentence', () => {
  expect(ours().length).toBeGreaterThan(25)
  for (const { name, type, help } of ours()) {
    expect(name).toMatch(/^parley(_[a-z0-9]+)+$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/)
    expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|minutes|count|sum|bucket)(_|$)/)
    expect(help, name).toMatch(/^[A-Z].*\.$/)
  }
})

test.skipIf(!hasPrometheus)('promtool finds nothing to complain of', () => {
  const linted = spawnSync('promtool', ['check', 'metrics'], { input: ownLines(), encoding: 'utf8' })
  expect(linted.stdout + linted.stderr).toBe('')
  const checked = spawnSync('promtool', ['check', 'rules', deploy('prometheus/parley.rules.yml')], {
    encoding: 'utf8',
  })
  expect(checked.status, checked.stderr).toBe(0)
  const tested = spawnSync('promtool', ['test', 'rules', deploy('prometheus/parley.rules.test.yml')], {
    encoding: 'utf8',
  })
  expect(tested.status, tested.stderr).toBe(0)
})

/** Those of the libraries below us have names of their own. */
function ownLines(): string {
  const lines = text.split('\n')
  return `${lines.filter((line) => /^(# \w+ )?parley_/.test(line)).join('\n')}\n`
}

test('no label has values that somebody else makes up', () => {
  expect(text).not.toContain(hostile)
  const values = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} /gm))
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      const key = `${name} ${label}`
      values.set(key, (values.get(key) ?? new Set()).add(value))
    }
  const commands = values.get('parley_calls_total command')
  expect(commands).toContain('unknown')
  expect(values.get('parley_http_requests_total route')).toContain('other')
  expect(values.get('parley_http_requests_total method')).toContain('other')
  // Commands and routes are as many as are declared; everything else comes from a small set.
  for (const [key, found] of values)
    expect(found.size, key).toBeLessThanOrEqual(/ (command|route)$/.test(key) ? 250 : 40)
  expect(
    Math.max(...[...values].filter(([key]) => !/ (command|route)$/.test(key)).map(([, { size }]) => size)),
  ).toBeLessThan(attempts)
})

/** Names of metrics in an expression. */
function namesIn(expression: string): readonly string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\b(?:by|on|ignoring|group_left|group_right) ?\([^)]*\)/g, '')
  return [...bare.matchAll(/\b([a-z]\w*_\w+|up)\b(?! ?\()/g)]
    .map(([name]) => name)
    .filter((name) => name !== 'group_left')
}

test('every query of the dashboard and of the alerts names a metric that the server has', () => {
  const known = new Set([
    ...['up', '__rate_interval'],
    ...families().flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  ])
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr })),
  )
  const alerts = rules.groups.flatMap((group) =>
    group.rules.map(({ alert, expr }) => ({ title: alert, expr })),
  )
  expect(queries.length).toBeGreaterThan(25)
  expect(alerts.length).toBeGreaterThan(10)
  for (const { title, expr } of [...queries, ...alerts]) {
    const names = namesIn(expr)
    expect(names.length, `${title}: ${expr}`).toBeGreaterThan(0)
    expect(
      names.filter((name) => !known.has(name)),
      `${title}: ${expr}`,
    ).toEqual([])
  }
})

test.skipIf(!hasPrometheus)(
  'a Prometheus that reads the server answers every query, and no alert goes off',
  async () => {
    const prometheus: Prometheus = await startPrometheus(server.url, deploy('prometheus/parley.rules.yml'))
    try {
      await expect.poll(() => prometheus.query('up{job="parley"} == 1'), { timeout: 60_000 }).toHaveLength(1)
      // Two readings at least, so that there are rates.
      await expect
        .poll(() => prometheus.query('count_over_time(parley_ready[1m]) > 2'), { timeout: 60_000 })
        .toHaveLength(1)
      await beBusy()
      const filled = (expr: string) =>
        expr.replaceAll('$job', 'parley').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '30s')
      await expect
        .poll(
          () => prometheus.query(filled('sum(rate(parley_calls_total{job="$job"}[$__rate_interval])) > 0')),
          { timeout: 60_000 },
        )
        .toHaveLength(1)
      const empty: string[] = []
      for (const { title, targets = [] } of dashboard.panels)
        for (const { expr } of targets)
          if ((await prometheus.query(filled(expr))).length === 0) empty.push(`${title}: ${expr}`)
      // Nobody came back after a lost connection, and nobody was too slow.
      expect(empty.filter((line) => !/recoveries|dropped/.test(line))).toEqual([])
      for (const { rules: alerts } of rules.groups)
        for (const { expr } of alerts) await prometheus.query(expr)
      const firing = await prometheus.query('ALERTS{alertstate="firing",severity="page"}')
      expect(firing.map(({ metric }) => metric.alertname)).toEqual([])
    } finally {
      await prometheus.stop()
    }
  },
)
