import type { Flags } from '../flags.ts'
import type { Kinds } from '../kind.ts'
import type { Limits, Rates } from '../limits.ts'
import type { Module } from '../module.ts'
import type { Authenticator, Credentials, Identity } from '../ports/authenticator.ts'
import type { Broker } from '../ports/broker.ts'
import type { Clock } from '../ports/clock.ts'
import type { RecentLog } from '../ports/event-log.ts'
import type { Lease } from '../ports/lease.ts'
import type { Logger } from '../ports/logger.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import type { Tracer } from '../ports/tracer.ts'
import type { Transport } from '../ports/transport.ts'
import type { Registry } from '../registry.ts'
import type { Drop } from '../resilience/drops.ts'
import { KernelNode } from './kernel-node.ts'

/** What a node is made of. The composition root gives concrete parts; tests and simulations give others. */
export interface NodeOptions {
  readonly store: Store
  readonly recentLog: RecentLog
  readonly authenticator: Authenticator
  readonly transports: readonly Transport[]
  readonly modules: readonly Module[]
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** Where operations are told of; without one none are. */
  readonly tracer?: Tracer | undefined
  /** Is written a line, at level debug, for every connection and call. Without one they leave none. */
  readonly operationLog?: Logger | undefined
  /**
   * The way to the other nodes of a cluster, which use the same store and the same recent log. Without one the node is
   * alone.
   */
  readonly broker?: Broker
  /** For work that one node of a cluster does at a time. Without one every node does it. */
  readonly lease?: Lease
  /** Apps that exist; `default` always does. */
  readonly apps?: readonly string[]
  readonly limits?: Partial<Limits>
  readonly rates?: Partial<Rates>
  /** Without them everything is on. */
  readonly flags?: Flags
}

export interface CallOrigin {
  /** Makes repeats safe. */
  readonly key?: string | undefined
  readonly ip?: string | undefined
  readonly requestId?: string | undefined
  /** Trace context (W3C `traceparent`) of what calls; one that is none is left out. */
  readonly traceparent?: string | undefined
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What is wrong and what to do; absent when `ok`. */
  readonly problem?: string
}

export interface NodeStatus {
  readonly id: string
  /** True when the node can serve: started, not stopping, every check ok. */
  readonly ready: boolean
  readonly checks: readonly Check[]
  readonly connections: number
  readonly sessions: number
  readonly channels: number
  readonly subscriptions: number
  /** Calls accepted that have no answer yet. */
  readonly calls: number
  /** What was dropped or refused since the start, by what and why, the most frequent first. */
  readonly drops: readonly (Drop & { readonly count: number })[]
  readonly startedAt: number
  /** Ids of all nodes of the cluster that are there as far as this one knows, itself among them, in order. */
  readonly nodes: readonly string[]
}

/** How a node stops. */
export interface StopOptions {
  /** How long clients that were told to go, and then commands that were accepted, are waited for. Default: 5,000. */
  readonly graceMs?: number | undefined
  /**
   * For so long the node says that it is not ready, and serves everybody as before, new clients too: load balancers take
   * their time to hear of it. Default: 0.
   */
  readonly noticeMs?: number | undefined
  /**
   * Over so long clients go to other nodes; where there are none, they come back over so long. Default: 2 ms for each
   * client, 30 s at most.
   */
  readonly windowMs?: number | undefined
}

/** A server process's core. */
export interface Node {
  readonly id: string
  readonly registry: Registry
  readonly kinds: Kinds
  readonly limits: Limits
  readonly flags: Flags
  /** @throws ParleyError `unauthenticated`, `token_expired`, `token_revoked` */
  authenticate(credentials: Credentials): Promise<Identity>
  /**
   * Runs a command as an identity; `undefined` for callers without credentials, who reach `public` commands only.
   *
   * @throws ParleyError as the contract says
   */
  call(identity: Identity | undefined, command: string, input: unknown, origin?: CallOrigin): Promise<unknown>
  status(): NodeStatus
  /**
   * Brings the tables of modules up to date, loads what must be known before the first client (revocations), starts the
   * modules, then opens the transports.
   *
   * @throws ParleyError when a module's migrations cannot be carried out, or what the node is given makes no cluster; the
   * message says what to do
   */
  start(): Promise<void>
  /**
   * Is not ready from here on; tells clients to go elsewhere, finishes accepted commands, stops transports and modules,
   * closes the logs. Where there are other nodes, clients are first moved there one after the other, and served until
   * they go.
   */
  stop(options?: StopOptions): Promise<void>
}

/** Makes a node of its parts. Nothing runs before `start`. */
export function createNode(options: NodeOptions): Node {
  return new KernelNode(options)
}
