import { randomUUID } from 'node:crypto'
import type { OpenTelemetryTracer } from '@parley/adapters/tracing/opentelemetry'
import type { Config } from './config.ts'
import { version } from './version.ts'

/** Where operations are told of, if the configuration names a collector; nothing is loaded otherwise. */
export async function openTracer({ monitoring, tracing }: Config): Promise<OpenTelemetryTracer | undefined> {
  const { endpoint, headers, sampleRatio, serviceName } = tracing
  if (endpoint === undefined || !monitoring) return undefined
  const { openTelemetryTracer } = await import('@parley/adapters/tracing/opentelemetry')
  return openTelemetryTracer({
    ...{ endpoint, headers, sampleRatio, serviceName },
    serviceVersion: version,
    instance: randomUUID(),
  })
}
