import { flagMeanings } from '@parley/kernel'
import { flagGroups } from './schema.ts'

/** Settings whose names are known from elsewhere. */
const accepted = 'Accepted; nothing depends on it yet.'

/** Flags are described where they are declared. */
function flagDescriptions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(flagGroups).flatMap(([group, names]) =>
      names.map((name) => [`flags.${group}.${name}`, flagMeanings[name] ?? accepted]),
    ),
  )
}

/** What each setting does, by its place. Limits are described where they are declared, in the kernel. */
export const settingDescriptions: Readonly<Record<string, string>> = {
  profile: 'Which defaults apply. Default: `NODE_ENV` where it names one, else `development`.',
  host: 'Where the server listens. `0.0.0.0` is reached from other machines.',
  port: 'Where the server listens; 0 takes a free one.',
  dataDir: 'Where everything is kept. One server at a time.',
  storageProvider: '`memory` forgets everything when the server stops.',
  logLevel: 'From where on the log is written.',
  logFormat: '`json` for programs, `text` for people.',
  metricsEnabled: 'Whether `/metrics` is served.',
  metricsAccess: '`manage` asks for credentials that may manage the app; `open` for none.',
  monitoring: 'Off: no `/metrics`, no traces, and no figures and frames in the console.',
  debugging:
    'Writes a line for every connection and call at log level `debug`, with the ids of request, session and trace.',
  ai_processing: accepted,
  security_level: '`maximum` sets the flag `eventEncryption`, unless that is set.',
  max_connections: 'Connections of this node; one more is refused with a time to come back.',
  regions: accepted,
  auto_scaling: accepted,
  global_distribution: accepted,
  enableAllServices: accepted,
  mockExternalDependencies: accepted,
  fastFailover: accepted,
  websocketPaths: 'Where WebSockets are accepted.',
  'tls.certFile': 'The certificate with its chain, as PEM; read again when it changes.',
  'tls.keyFile': 'Its key, as PEM.',
  subprotocols: 'Other names under which clients may ask for the protocol of WebSockets.',
  'compression.enabled':
    'Whether batches of events are compressed on WebSockets whose clients offer it (permessage-deflate), once for all.',
  'compression.thresholdBytes': 'Smaller batches are sent as they are.',
  allowedOrigins: 'Pages that may connect and call: `self` is where the server itself is reached.',
  trustedProxies: 'How many proxies stand in front, so that the addresses they report are believed.',
  developmentSignIn: 'Whether anybody may sign in under any name. Production refuses it.',
  stopGraceMs: 'How long a stop waits for clients that were told to go, and for what was accepted.',
  'drain.noticeMs':
    'For how long a server that stops says so and serves on, until load balancers have heard of it.',
  'drain.windowMs': 'Over how long its clients go, or come back. Default 2 ms for each, 30 s at most.',
  apps: 'Tenants by name, each with `keys` that sign its tokens and `apiKeys` of its back ends.',
  'tokens.audience': 'Audiences of which a token has to name one.',
  'tokens.issuer': 'Issuers of which a token has to name one.',
  'tokens.clockSkewMs': 'By how much the clock of who signs may differ.',
  'tokens.maxLifetimeMs': 'The longest time for which a token may be valid.',
  'authorize.url': 'Whom to ask whether a user may do something in kinds with `authorize: true`.',
  'authorize.secret': 'Signs the questions, so that the answerer knows who asks.',
  'authorize.timeoutMs': 'How long an answer may take; without one, access is refused. Default 1000.',
  kinds: 'Kinds of channels by name; see [Configure](/docs/guide/configure/#kinds-of-channels).',
  'presence.view': 'Who may see the presence of a user: every user of the app, or who was granted it.',
  'presence.graceMs': 'For how long somebody whose connection is gone still counts as here.',
  'presence.restartGraceMs': 'The same after a restart of the server.',
  'presence.idleAfterMs': 'After how long without activity somebody is away.',
  'typing.maxNamed': 'Up to how many are named while they type; above, they are counted.',
  'typing.maxMembers': 'In conversations with more members, typing is not shown.',
  'typing.timeoutMs': 'When who has stopped without saying so is no longer shown as typing.',
  'files.store': 'Where bytes are kept: in the data directory, or in an object store that speaks S3.',
  'files.s3.endpoint': 'Where the object store is.',
  'files.s3.bucket': 'The bucket; it has to exist.',
  'files.s3.region': 'Default `us-east-1`.',
  'files.s3.accessKeyId': 'Who the server is to the object store.',
  'files.s3.secretAccessKey': 'Proves it.',
  'files.s3.sessionToken': 'For credentials that last a while.',
  'files.s3.prefix': 'Begins all keys, where a bucket is shared.',
  'files.s3.pathStyle': 'Whether the bucket stands in the path instead of the host name.',
  'files.secret': 'Signs links to files. Default: made once and kept in the data directory.',
  'files.maxFileBytes': 'The largest file.',
  'files.userQuotaBytes': 'What one user may store; 0 is no bound.',
  'files.appQuotaBytes': 'What an app may store; 0 is no bound.',
  'files.accept': 'Types that are taken.',
  'files.refuse': 'Types that are not, though `accept` would take them.',
  'files.thumbnails': 'Whether small pictures of images are made.',
  'files.linkTtlMs': 'How long a link to a file works.',
  'files.unfinishedTtlMs': 'After how long without a part an upload is dropped.',
  'files.unattachedTtlMs': 'After how long a file that hangs on nothing is dropped.',
  'socketIo.enabled': 'Whether clients of Socket.IO are served.',
  'socketIo.paths': 'Where they connect.',
  'socketIo.namespaces': 'Namespaces that they may join; with and without the slash in front.',
  'socketIo.secret':
    'Signs the records by which they recover. Nodes of a cluster share it. Default: made once.',
  'socketIo.recoveryMs': 'For how long what was missed can be recovered.',
  'pusher.enabled':
    'Whether clients and back ends of Pusher Channels are served. Key and secret are those of an app key that is given with its `secret` and may do everything; the app id is the name of the app.',
  'pusher.prefixes': 'Stand in front of `/app/KEY`, where clients connect, and of `/apps/ID`, the HTTP API.',
  'pusher.activityTimeoutMs': 'After so long a silence clients ask whether the server is there.',
  'pusher.clientEvents': 'Whether clients may send events to each other.',
  'pusher.clientEventsPerSecond': 'How many a connection may send.',
  'pusher.subscriptionCount': 'Whether clients are told how many are in a channel.',
  'pusher.maxMembers': 'Users in a presence channel.',
  'pusher.cacheMs': 'For how long a cache channel tells its newest event.',
  'pusher.vacatedDelayMs':
    'A channel or member that is gone is told of by webhook after so long, unless it is back by then.',
  'pusher.webhooks':
    'Who is told of channels and members: `app`, `url`, and `events` unless all. Signed with the first such key of the app.',
  'tracing.endpoint': 'Where spans are sent by OTLP over HTTP; without it there are none.',
  'tracing.headers': 'Sent with them, for a collector that asks who sends.',
  'tracing.sampleRatio': 'Which share of traces begun here is kept, from 0 to 1.',
  'tracing.serviceName': 'What the server is called in traces.',
  ...flagDescriptions(),
  'rates.connection': 'What one connection may ask.',
  'rates.user': 'What one user may ask, over all devices.',
  'rates.ip': 'What one address may ask.',
  'rates.app': 'What one app may ask.',
  'rates.connectPerIp': 'New connections from one address.',
}
