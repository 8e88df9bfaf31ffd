import { useSyncExternalStore } from 'react'

/** The channel that the address of the page names: `#chat:general`. A link to a page is a link to its channel. */
export function useOpenChannel(): string | undefined {
  return useSyncExternalStore(watchAddress, channelInAddress)
}

/** Opens a channel, with an entry in the history of the browser. */
export function openChannel(channel: string): void {
  if (channel !== channelInAddress()) location.hash = `#${encodeURI(channel)}`
}

/** Leaves the open channel without a way back to it. */
export function closeChannel(): void {
  history.replaceState(null, '', location.pathname + location.search)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function watchAddress(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

function channelInAddress(): string | undefined {
  try {
    const name = decodeURI(location.hash.slice(1))
    return isChannelName(name) ? name : undefined
  } catch {
    return undefined
  }
}

const idPattern = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._~@+=:-]*$/u

/** Whether a channel may have this id: what stands after the colon. The server decides; this saves asking. */
export function isChannelId(id: string): boolean {
  return id.length <= 160 && idPattern.test(id) && !id.includes('..')
}

function isChannelName(name: string): boolean {
  const { kind, id } = partsOf(name)
  return /^[a-z][a-z0-9_-]*$/.test(kind) && isChannelId(id)
}

/** `chat:general` → `chat` and `general`. */
export function partsOf(channel: string): { readonly kind: string; readonly id: string } {
  const colon = channel.indexOf(':')
  return { kind: channel.slice(0, Math.max(0, colon)), id: channel.slice(colon + 1) }
}
