import { RealtimeClient, type RealtimeClientOptions } from '@parley/client/realtime'

Object.assign(globalThis, {
  connectTo: (options: Partial<RealtimeClientOptions>) =>
    new RealtimeClient({ url: '/realtime', reconnectDelay: 50, ...options }),
})
