export { appKeyIn } from './access/app-key.ts'
export { equalSecrets } from './access/equal-secrets.ts'
export { clientAddress, originAllowed } from './access/origins.ts'
export { blobKeyProblem } from './ports/blob-key.ts'
export type {
  AccessChange,
  AppendedEvent,
  ChannelsAccess,
  Context,
  HistoryPage,
  HistoryQuery,
  ModuleState,
  SessionSummary,
  StateKey,
  StateSetting,
} from './context.ts'
export { flagDefaults, flagMeanings, Flags, type FlagName } from './flags.ts'
export {
  defineKind,
  kindDefaults,
  Kinds,
  lanes,
  retentionDefaults,
  type Access,
  type Audience,
  type AuthorizeRequest,
  type Durability,
  type Kind,
  type KindLimits,
  type KindOptions,
  type Lane,
} from './kind.ts'
export { limitDefaults, rateDefaults, type Limits, type Rate, type RateName, type Rates } from './limits.ts'
export type {
  DeadLetter,
  DeadLetterQuery,
  Failure,
  Job,
  JobRequest,
  JobRun,
  Jobs,
} from './jobs/job.ts'
export { job } from './jobs/job.ts'
export {
  implement,
  type Handler,
  type Handlers,
  type Module,
  type ModuleRoute,
  type ModuleServices,
  type RouteCaller,
  type RunOptions,
} from './module.ts'
export type { Drop, DropReason, DropSubject } from './resilience/drops.ts'
export {
  createNode,
  type CallOrigin,
  type Check,
  type Node,
  type NodeOptions,
  type NodeStatus,
} from './node/node.ts'
export { mayOperate, operatorApp } from './access/operator.ts'
export type { Activity, Timings } from './inspection/activity.ts'
export type * from './inspection/inspection.ts'
export type * from './ports/authenticator.ts'
export type * from './ports/blob-store.ts'
export { maxAnnouncedBytes } from './ports/broker.ts'
export type * from './ports/broker.ts'
export type * from './ports/clock.ts'
export { maxPicked } from './ports/event-log.ts'
export type * from './ports/event-log.ts'
export type * from './ports/http.ts'
export { thumbnailType, type ImageProcessor, type ProcessedImage } from './ports/image-processor.ts'
export type * from './ports/lease.ts'
export type * from './ports/logger.ts'
export type * from './ports/metrics.ts'
export type * from './ports/tracer.ts'
export type * from './ports/signer.ts'
export { controlChannel } from './ports/store.ts'
export type * from './ports/store.ts'
export type * from './ports/transport.ts'
export type * from './ports/vitals.ts'
export { detectedBytes, type TypeDetector } from './ports/type-detector.ts'
export { AskingLink, isFinalClose, type AskingListener, type Carrier } from './sessions/asking-link.ts'
export type * from './sessions/session-listener.ts'
export {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
} from './resilience/circuit-breaker.ts'
export {
  mayPass,
  retry,
  retryDefaults,
  retryDelayMs,
  type RetryOptions,
  type RetryPolicy,
} from './resilience/retry.ts'
export { Registry, type RegisteredCommand, type RegisteredEvent } from './registry.ts'
