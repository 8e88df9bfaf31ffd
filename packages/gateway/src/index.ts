export { mountAsyncApi } from './asyncapi.ts'
export { type AsyncApiDocument, type AsyncApiOptions, asyncApiDocument } from './asyncapi/document.ts'
export { mountHealth } from './health.ts'
export { mountMetrics, type MetricsOptions } from './metrics.ts'
export { mountOpenApi, type OpenApiOptions } from './openapi.ts'
export { openApiDocument, type OpenApiDocument } from './openapi/document.ts'
export type { ReferencedError } from './reference/command-errors.ts'
export {
  type CommandReference,
  commandReference,
  type DocumentedCommand,
} from './reference/command-reference.ts'
export { mountRest, type RestOptions } from './rest.ts'
