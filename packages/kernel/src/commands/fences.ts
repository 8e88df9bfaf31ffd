import { type GenericErrorCode, ParleyError } from '@parley/protocol'

/** A connection whose client repeats what is refused for now, and says with each call which refusals it has heard of. */
export interface Fenced {
  /** Absent until a call of it is refused. */
  fences: Fences | undefined
}

/** Where a call stands among those of its connection. */
export interface CallPlace {
  readonly at: Fenced
  /** Ids of later calls are higher. */
  readonly id: number
  /** Number of the last refusal that the client had heard of when it sent the call; see {@link Fences.raise}. */
  readonly heard: number
}

interface Fence {
  /** Of the newest refusal. */
  number: number
  /** The earliest call that was refused. */
  id: number
  readonly error: ParleyError
}

/** Ordering keys that are told apart; with more, all are held together. */
const maxKeys = 128

type Sent = Pick<CallPlace, 'id' | 'heard'>

/**
 * Keeps calls of one connection in their order when some are refused for now: what was sent behind such a call, before its
 * client could know, is refused as well. The client sends all of it again, in order. Nothing has to be taken back: a call
 * that was sent with the knowledge of all refusals is let through, whether or not the refused one has come before.
 */
export class Fences {
  #last = 0
  readonly #byKey = new Map<string, Fence>()
  #ofAll: Fence | undefined

  /** A call was refused for now. Returns the number of this refusal, which the client is to name from now on. */
  raise(key: string, sent: Sent, error: ParleyError): number {
    this.#last += 1
    const isOfAll = this.#ofAll !== undefined && sent.heard < this.#ofAll.number
    const fence = isOfAll ? this.#ofAll : this.#byKey.get(key)
    if (fence === undefined) this.#build(key, { number: this.#last, id: sent.id, error: passedOn(error) })
    else {
      fence.number = this.#last
      fence.id = Math.min(fence.id, sent.id)
    }
    return this.#last
  }

  /** The refusal of a call that was sent behind a refused one; undefined when it may go on. */
  holds(key: string, sent: Sent): ParleyError | undefined {
    return heldBy(this.#byKey.get(key), sent) ?? heldBy(this.#ofAll, sent)
  }

  /** The turn of a call has come, all before it are on their way: when its client knows everything, nothing is held any more. */
  pass(key: string, { heard }: Sent): void {
    const fence = this.#byKey.get(key)
    if (fence !== undefined && heard >= fence.number) this.#byKey.delete(key)
  }

  #build(key: string, fence: Fence): void {
    if (this.#byKey.size < maxKeys) {
      this.#byKey.set(key, fence)
      return
    }
    const earlier = [...this.#byKey.values(), this.#ofAll].map((other) => other?.id ?? fence.id)
    this.#byKey.clear()
    this.#ofAll = { ...fence, id: Math.min(fence.id, ...earlier) }
  }
}

interface Placed {
  readonly place?: CallPlace | undefined
}

/** The refusal of a call that was sent behind one that was refused, by somebody who did not know of that. */
export function heldBehind({ place }: Placed, key: string): ParleyError | undefined {
  return place?.at.fences?.holds(key, place)
}

/** @throws ParleyError when the call is to be refused; see {@link heldBehind} */
export function keepOrder(caller: Placed, key: string): void {
  const refusal = heldBehind(caller, key)
  if (refusal !== undefined) throw refusal
}

/** As {@link keepOrder}, for a call whose turn has come: those of its key before it are on their way. */
export function takeTurn(caller: Placed, key: string): void {
  if (caller.place?.at.fences === undefined) return
  keepOrder(caller, key)
  caller.place.at.fences.pass(key, caller.place)
}

function heldBy(fence: Fence | undefined, { id, heard }: Sent): ParleyError | undefined {
  return fence !== undefined && heard < fence.number && id > fence.id ? fence.error : undefined
}

const kept = new Set<string>(['overloaded', 'rate_limited', 'store_full', 'unavailable'])

/** What is refused with another call has not been begun, whatever became of that. */
function passedOn({ code, retryAfterMs }: ParleyError): ParleyError {
  return new ParleyError(
    kept.has(code) ? (code as GenericErrorCode) : 'unavailable',
    'A call that was sent before this one was refused for now; nothing of this one was done. Send both again, in their order.',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
