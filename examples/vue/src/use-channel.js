import { inject, onScopeDispose, readonly, ref, shallowRef } from 'vue'

export const clientKey = Symbol('the client of Parley')

/** A channel as components use it: subscribed while the component is there. */
export function useChannel(channel, { recent = 50 } = {}) {
  const client = inject(clientKey)
  const events = shallowRef([])
  const status = ref('subscribing')
  const error = shallowRef()
  const subscription = client.subscribe(channel, {
    recent,
    onEvent: (event) => {
      events.value = [...events.value, event]
    },
    onStatus: (now) => {
      status.value = now
    },
    onError: (refusal) => {
      error.value = refusal
    },
    // What was missed is no longer kept: begin anew.
    onUnrecovered: () => {
      events.value = []
    },
  })
  onScopeDispose(() => subscription.unsubscribe())
  return {
    ...{ events, status: readonly(status), error },
    publish: (data) => client.call('channels.publish', { channel, data }),
  }
}
