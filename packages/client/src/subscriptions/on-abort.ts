/** Calls `abort` when the signal says so: after this turn, if it has already. Returns what ends the watch. */
export function onAbort(signal: AbortSignal | undefined, abort: (signal: AbortSignal) => void): () => void {
  if (signal === undefined) return () => undefined
  const aborted = (): void => abort(signal)
  if (signal.aborted) queueMicrotask(aborted)
  signal.addEventListener('abort', aborted, { once: true })
  return () => signal.removeEventListener('abort', aborted)
}
