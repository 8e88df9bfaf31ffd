import type { Config } from '../../config.ts'
import { loadConfig } from '../../config.ts'
import { inspectStore } from '../../stores.ts'
import type { Invocation } from '../command.ts'
import { findServer } from '../remote.ts'
import type { Answering, Patient } from './finding.ts'

const answerMs = 5_000

/** Gathers what the checks look at. Nothing here fails: what cannot be seen is for the checks to say. */
export async function gatherPatient(invocation: Invocation): Promise<Patient> {
  const { config, configProblem } = readConfig(invocation)
  const isNamed = (invocation.option('url') ?? invocation.terminal.environment.PARLEY_URL) !== undefined
  const remote = isNamed || config !== undefined ? remoteOf(invocation, config) : undefined
  const { store, storeProblem } = await inspect(config)
  return {
    ...{ config, configProblem, isNamed, store, storeProblem },
    server: remote === undefined ? undefined : await whoAnswers(remote.url),
    credentials: remote?.credentials,
    publicUrl: invocation.option('public-url'),
  }
}

function readConfig({ sources }: Invocation): Pick<Patient, 'config' | 'configProblem'> {
  try {
    return { config: loadConfig(sources), configProblem: undefined }
  } catch (error) {
    return { config: undefined, configProblem: (error as Error).message }
  }
}

function remoteOf(invocation: Invocation, config: Config | undefined) {
  if (config?.port === 0 && invocation.option('url') === undefined) return undefined
  const { url, credentials } = findServer(invocation)
  return { url, credentials }
}

async function inspect(config: Config | undefined): Promise<Pick<Patient, 'store' | 'storeProblem'>> {
  if (config === undefined) return { store: undefined, storeProblem: undefined }
  try {
    return { store: await inspectStore(config), storeProblem: undefined }
  } catch (error) {
    return { store: undefined, storeProblem: (error as Error).message }
  }
}

/** Who answers at an address, and how it says it is. */
export async function whoAnswers(url: string): Promise<Answering> {
  const before = Date.now()
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(answerMs) })
    const now = (before + Date.now()) / 2
    const body = (await response.json().catch(() => undefined)) as ReadyBody | undefined
    if (!Array.isArray(body?.checks)) return { url, who: 'other', failing: [], aheadMs: undefined }
    const date = Date.parse(response.headers.get('date') ?? '')
    const failing = body.checks.flatMap((one) =>
      one.ok ? [] : [`${one.name}: ${one.problem ?? 'it fails'}`],
    )
    return { url, who: 'parley', failing, aheadMs: Number.isNaN(date) ? undefined : date + 500 - now }
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code
    // Whoever takes a connection and gives no HTTP is there all the same.
    const isThere =
      code !== undefined && !['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN'].includes(code)
    const isSilent = error instanceof DOMException && error.name === 'TimeoutError'
    return { url, who: isThere || isSilent ? 'other' : 'nobody', failing: [], aheadMs: undefined }
  }
}

interface ReadyBody {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly problem?: string }[]
}
