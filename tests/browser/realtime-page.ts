import { RealtimeClient, type RealtimeClientOptions } from '@parley/client/realtime'
import { webSocketService } from '@parley/client/service'

Object.assign(globalThis, {
  service: webSocketService,
  connectTo: (options: Partial<RealtimeClientOptions>) =>
    new RealtimeClient({ url: '/realtime', reconnectDelay: 50, ...options }),
})
