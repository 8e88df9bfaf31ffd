import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { SpanKind as Kind, Span, SpanOptions, Tracer } from '@parley/kernel'

export interface OpenTelemetryOptions {
  /** Where a collector takes OTLP over HTTP: `http://127.0.0.1:4318`. Without a path, `/v1/traces` is taken. */
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Part of the traces that begin here and are recorded, from 0 to 1; a trace that comes from elsewhere has decided. Default 1. */
  readonly sampleRatio?: number
  readonly serviceName?: string
  readonly serviceVersion?: string
  /** Names this process among those of the service. */
  readonly instance?: string
  /** Spans are sent so often. Default 5,000. */
  readonly sendIntervalMs?: number
}

/** A tracer that sends to a collector. */
export interface OpenTelemetryTracer extends Tracer {
  /** Sends what waits, for at most some seconds, and stops. Never rejects: what cannot be sent is lost. */
  close(): Promise<void>
}

/** Spans that wait; of more, the newest are dropped. */
const maxWaiting = 4_096
const sendTimeoutMs = 5_000

const kinds: Readonly<Record<Kind, SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
}

/** Spans by OpenTelemetry, sent to a collector as OTLP over HTTP in batches, beside the work. Nothing of it is global. */
export function openTelemetryTracer(options: OpenTelemetryOptions): OpenTelemetryTracer {
  const { sampleRatio = 1, serviceName = 'parley', sendIntervalMs = 5_000 } = options
  const exporter = new OTLPTraceExporter({
    url: tracesUrl(options.endpoint),
    headers: { ...options.headers },
    timeoutMillis: sendTimeoutMs,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      ...(options.serviceVersion === undefined ? {} : { 'service.version': options.serviceVersion }),
      ...(options.instance === undefined ? {} : { 'service.instance.id': options.instance }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: maxWaiting,
        scheduledDelayMillis: sendIntervalMs,
        exportTimeoutMillis: sendTimeoutMs,
      }),
    ],
  })
  const target = provider.getTracer('parley')
  return {
    start(name, { kind, parent, links = [], attributes }: SpanOptions): Span {
      const begun = target.startSpan(
        name,
        {
          kind: kinds[kind],
          links: links.flatMap(linkTo),
          ...(attributes && { attributes: attributes as Attributes }),
        },
        contextOf(parent),
      )
      return {
        traceparent: textOf(begun.spanContext()),
        end(error) {
          if (error !== undefined) {
            begun.setStatus({ code: SpanStatusCode.ERROR })
            begun.setAttribute('error.type', error)
          }
          begun.end()
        },
      }
    },
    close: () => provider.shutdown().catch(() => undefined),
  }
}

function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}

function contextOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? undefined : spanContextOf(traceparent)
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
}

function linkTo(traceparent: string): readonly Link[] {
  const context = spanContextOf(traceparent)
  return context === undefined ? [] : [{ context }]
}

/** W3C Trace Context §3.2; undefined for a text that is none. */
function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

function textOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`
}
