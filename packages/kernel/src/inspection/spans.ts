import type { Channel } from '../channels/channel.ts'
import type { Delivery } from '../channels/delivery/filter-class.ts'
import type { Caller } from '../commands/call.ts'
import type { Span, Tracer } from '../ports/tracer.ts'

const form = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** A trace context that somebody has sent; undefined when it is none, as W3C Trace Context asks. */
export function traceContext(given: unknown): string | undefined {
  return typeof given === 'string' && form.test(given) && !given.startsWith('ff') ? given : undefined
}

/** The trace that a context belongs to. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35)
}

/** The span of a call; undefined where nobody traces. */
export function callSpan(tracer: Tracer | undefined, caller: Caller, name: string): Span | undefined {
  return tracer?.start(name, {
    kind: 'server',
    parent: caller.traceparent,
    attributes: { 'rpc.system': 'parley', 'rpc.method': name, 'parley.request_id': caller.requestId },
  })
}

/** A caller whose events say that they come from a span. */
export function within(span: Span | undefined, caller: Caller): Caller {
  return span === undefined ? caller : { ...caller, traceparent: span.traceparent }
}

/** The span of a commit; undefined where the call is not traced. */
export function commitSpan(
  tracer: Tracer | undefined,
  parent: string | undefined,
  events: number,
): Span | undefined {
  if (tracer === undefined || parent === undefined) return undefined
  const attributes = { 'db.operation.name': 'commit', 'parley.events': events }
  return tracer.start('commit', { kind: 'client', parent, attributes })
}

/** The span of a batch on its way to many: linked to the calls that its events come from. */
export function deliverySpan(
  tracer: Tracer | undefined,
  channel: Channel,
  { traces, events, filterClass }: Delivery,
): Span | undefined {
  if (tracer === undefined || traces === undefined) return undefined
  return tracer.start(`deliver ${channel.kind.name}`, {
    kind: 'producer',
    links: traces,
    attributes: {
      'messaging.system': 'parley',
      'messaging.operation.type': 'send',
      'messaging.destination.name': channel.name,
      'messaging.batch.message_count': events,
      'parley.members': filterClass.size,
    },
  })
}
