// An entry of its own: what a connection is like, and what will become of it.
export type { ConnectionHealthMetrics, ConnectionQuality, PredictedFailure } from '@parley/protocol'
export {
  ConnectionHealth,
  type ConnectionHealthEvents,
  type ConnectionHealthOptions,
  type HealthClient,
} from './connection-health.ts'
export {
  type ConnectionMeasurements,
  ConnectionQualityDetector,
  type QualityDetectorOptions,
} from './connection-quality-detector.ts'
export { type FailurePrediction, FailurePredictor } from './failure-predictor.ts'
export { type RuleThresholds, ruleFeatures, ruleScore } from './failure-rules.ts'
export { alarmThresholds } from './failure-weights.ts'
export {
  type FeatureName,
  featureNames,
  featuresOf,
  type LinkFeatures,
  windowLength,
} from './link-features.ts'
export type { LinkReading } from './link-reading.ts'
export { type MonitorOptions, monitoredTransport } from './monitored-transport.ts'
export { type ReconnectSituation, reconnectMoment } from './reconnect-moment.ts'
