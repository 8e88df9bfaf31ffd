export {
  faults,
  makeSchedule,
  type Action,
  type ChannelClass,
  type Fault,
  type Schedule,
} from './schedule.ts'
export { simulate, type SimulationOptions, type SimulationReport } from './simulate.ts'
export type { Violation, ViolationKind } from './oracle/verdict.ts'
export type {
  ClientFactory,
  ClientParts,
  SimulatedClient,
  SimulatedSubscribeOptions,
  SimulatedSubscription,
} from './world/client.ts'
export type { Line } from './world/world.ts'
export { shrink, type ShrinkOptions } from './shrink.ts'
