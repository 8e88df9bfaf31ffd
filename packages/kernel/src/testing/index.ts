export { checkBlobStore, type BlobStoreChecks, type BlobStoreSubject } from './check-blob-store.ts'
export { checkBroker, type BrokerSubject } from './check-broker.ts'
export { checkLease, type LeaseSubject } from './check-lease.ts'
export { checkRecentLog, type RecentLogSubject } from './check-recent-log.ts'
export { checkStore, type StoreChecks } from './check-store.ts'
export { checkTransport } from './check-transport.ts'
export type { StoreSubject } from './conformance/store-subject.ts'
export type { DefineTest } from './conformance/suite.ts'
export type { TransportClient, TransportListener, TransportSubject } from './conformance/transport-subject.ts'
export { TestClient, type Reply } from './test-client.ts'
export { testCluster, type TestCluster, type TestClusterOptions } from './test-cluster.ts'
export { testKinds, testModule, type BeforeHandler } from './test-module.ts'
export {
  testAuthenticator,
  testIdentity,
  testNode,
  testToken,
  type TestNode,
  type TestNodeOptions,
} from './test-node.ts'
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts'
