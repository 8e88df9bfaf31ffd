// The globals that every place has where protocol and kernel run (browser, Node, React Native, simulation).
// Their builds see these and ECMAScript, nothing else: whatever needs more is I/O and belongs under a port.
// Shapes follow https://dom.spec.whatwg.org, https://encoding.spec.whatwg.org and https://html.spec.whatwg.org.

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: any
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare var AbortSignal: {
  any(signals: Iterable<AbortSignal>): AbortSignal
  abort(reason?: any): AbortSignal
}

interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: any): void
}

declare var AbortController: { new (): AbortController }

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, target: Uint8Array): { read: number; written: number }
}

declare var TextEncoder: { new (): TextEncoder }

interface TextDecoder {
  decode(bytes?: Uint8Array | ArrayBuffer, options?: { stream?: boolean }): string
}

declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder
}

declare function queueMicrotask(task: () => void): void
declare function structuredClone<T>(value: T): T
