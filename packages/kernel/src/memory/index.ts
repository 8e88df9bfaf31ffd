export { memoryBlobStore } from './blob-store.ts'
export {
  memoryCluster,
  type MemoryCluster,
  type MemoryClusterOptions,
  type Signal,
} from './broker.ts'
export { MemoryDisk } from './disk.ts'
export { memoryLease } from './lease.ts'
export { silentLogger } from './logger.ts'
export { memoryMetrics, type MemoryMetrics } from './metrics.ts'
export { memoryRecentLog } from './recent-log.ts'
export type { MemorySql } from './sql.ts'
export { memoryStore, type MemoryStore, type MemoryStoreOptions } from './store.ts'
export {
  memoryTransport,
  type MemoryClient,
  type MemoryTransport,
  type MemoryTransportOptions,
} from './transport.ts'
