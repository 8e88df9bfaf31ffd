export { parseChannelName, patternCovers, maxChannelNameLength, type ChannelName } from './channel-name.ts'
export { ChunkAssembly, splitFrame, type Assembly } from './chunk.ts'
export { closeCodes, closeVerdict, type CloseReason, type CloseVerdict } from './close-codes.ts'
export {
  command,
  defineContract,
  event,
  takesKey,
  type Action,
  type CallOptions,
  type Priority,
  type CommandContract,
  type CommandInput,
  type CommandOutput,
  type CommandParsed,
  type Contract,
  type EventContract,
  type EventData,
  type Methods,
  type Payloads,
  type Permission,
  type StateContract,
  type StateEvents,
} from './contract.ts'
export { errorStatus } from './error-status.ts'
export {
  errorEntry,
  errorPage,
  errorRegistry,
  ParleyError,
  type ErrorBody,
  type ErrorCode,
  type GenericErrorCode,
  type RetryVerdict,
} from './errors.ts'
export {
  compileFilter,
  filterTest,
  filterLimits,
  type Comparison,
  type CompiledFilter,
  type Filter,
  type FilterSubject,
} from './filter.ts'
export type * from './frames.ts'
export {
  decodeClientFrame,
  decodeClientMessage,
  decodeServerMessage,
  encodeFrame,
  exceedsDepth,
  maxFramesPerMessage,
  maxJsonDepth,
  type Decoded,
} from './json-codec.ts'
export {
  PriorityMessageQueue,
  type PriorityMessageQueueOptions,
} from './priority/priority-message-queue.ts'
export { Fifo } from './priority/fifo.ts'
export { priorities, PriorityTurns, type PriorityClass } from './priority/priorities.ts'
export { expandEvents } from './events-frame.ts'
export {
  qualityOf,
  qualityScore,
  type ConnectionHealthMetrics,
  type ConnectionQuality,
  type PredictedFailure,
  type QualityFigures,
} from './health/connection-quality.ts'
export { failureAfterSilence } from './health/failure-after-silence.ts'
export {
  dereference,
  jsonSchemaOf,
  propertiesOf,
  type JsonSchema,
  type JsonSchemaTarget,
} from './json-schema.ts'
export {
  jsonSubprotocol,
  msgpackSubprotocol,
  negotiateSubprotocol,
  negotiateVersion,
  supportedVersions,
} from './version.ts'
export type { InputOf, OutputOf, Schema, SchemaIssue, SchemaResult } from './schema.ts'
