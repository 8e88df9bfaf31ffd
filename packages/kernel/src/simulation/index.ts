export {
  extras,
  faults,
  makeSchedule,
  type Action,
  type ChannelClass,
  type Extra,
  type Fault,
  type Schedule,
  type ScheduleOptions,
} from './schedule.ts'
export { simulate, type SimulationOptions, type SimulationReport } from './simulate.ts'
export { Oracle, type OracleOptions, type Sent } from './oracle/oracle.ts'
export type { Publication } from './oracle/publication.ts'
export type { ReaderFacts, ReaderTruth } from './oracle/reader.ts'
export type { ChannelTruth } from './oracle/stream.ts'
export type { Violation, ViolationKind } from './oracle/verdict.ts'
export type {
  ClientFactory,
  ClientParts,
  SimulatedClient,
  SimulatedOutbox,
  SimulatedSubscribeOptions,
  SimulatedSubscription,
} from './world/client.ts'
export { socketTransport } from './world/link.ts'
export { socketUrl, uplinkUrl } from './world/network.ts'
export type { Wire } from './world/wire.ts'
export type { Line } from './world/world.ts'
export { shrink, type ShrinkOptions } from './shrink.ts'
