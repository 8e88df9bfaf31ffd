import type { Socket } from 'node:net'

/** What stands below a socket of Node: it hands bytes to the operating system at once, as many as that takes. */
export interface DirectHandle {
  /** 0, or the number of an error; undefined when it is closed. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number | undefined
  /** Bytes that the operating system did not take yet. */
  readonly writeQueueSize: number
}

/** Stands for a write that is not over at once. */
interface WriteRequest {
  buffer?: Uint8Array
  oncomplete?: () => void
}

/** Node's own binding to its streams. */
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  /** What Node tells of the newest call, by place. */
  readonly streamBaseState: Int32Array
  /** The place that tells whether a write goes on by itself. */
  readonly kLastWriteWasAsync: number
}

interface NodeInside {
  binding?(name: string): Partial<StreamBinding>
}

class Writes {
  readonly #binding: StreamBinding
  /** Serves every write that is over at once, which nearly all are. */
  #spare: WriteRequest

  constructor(binding: StreamBinding) {
    this.#binding = binding
    this.#spare = this.#newRequest()
  }

  #newRequest(): WriteRequest {
    const request = new this.#binding.WriteWrap()
    request.oncomplete = nothingToDo
    return request
  }

  to(handle: DirectHandle, bytes: Uint8Array): number | undefined {
    const { streamBaseState, kLastWriteWasAsync } = this.#binding
    const request = this.#spare
    if (handle.writeBuffer(request, bytes) !== 0) return undefined
    if (streamBaseState[kLastWriteWasAsync] === 0) return 0
    // It goes on by itself, and needs its request and bytes until then.
    request.buffer = bytes
    this.#spare = this.#newRequest()
    return handle.writeQueueSize
  }
}

/** Undefined before the first, null where there are none. */
let writes: Writes | null | undefined

/**
 * The handle of a plain TCP socket, where this Node has one of the shape that is known. A stream keeps account of each
 * write, which was a fifth of what a delivery cost; see decision 21. Undefined: write to the socket.
 */
export function directHandleOf(socket: Socket): DirectHandle | undefined {
  if ('encrypted' in socket || socket.connecting || socket.timeout) return undefined
  const { _handle: handle } = socket as Socket & { readonly _handle?: Partial<DirectHandle> | null }
  if (typeof handle?.writeBuffer !== 'function' || typeof handle.writeQueueSize !== 'number') return undefined
  if (writes === undefined) writes = findWrites()
  return writes === null ? undefined : (handle as DirectHandle)
}

/** Bytes of these that the operating system did not take yet; undefined when the socket is broken or closed. */
export function writeTo(handle: DirectHandle, bytes: Uint8Array): number | undefined {
  return writes?.to(handle, bytes)
}

function findWrites(): Writes | null {
  try {
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } =
      (process as NodeInside).binding?.('stream_wrap') ?? {}
    const isKnown =
      typeof WriteWrap === 'function' &&
      streamBaseState instanceof Int32Array &&
      typeof kLastWriteWasAsync === 'number'
    return isKnown ? new Writes({ WriteWrap, streamBaseState, kLastWriteWasAsync }) : null
  } catch {
    // Not to be had here: the permission model forbids it, for one.
    return null
  }
}

function nothingToDo(): void {
  // A write behind it tells when it is over, and an error closes the socket then.
}
