import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Attachment } from '../../chat/message.ts'
import type { Upload } from './composer.tsx'

/** A file that was added and is not sent yet. */
export interface AddedFile {
  readonly key: number
  readonly name: string
  readonly type: string
  readonly size: number
  /** 0 to 1. */
  readonly progress: number
  /** Uploaded: what a message needs of it. */
  readonly attachment?: Attachment
  readonly error?: string | undefined
}

export interface Uploads {
  readonly files: readonly AddedFile[]
  readonly isBusy: boolean
  /** More files were given than a message takes. */
  readonly isFull: boolean
  readonly add: (files: Iterable<File>) => void
  readonly remove: (key: number) => void
  readonly retry: (key: number) => void
  readonly clear: () => void
}

interface Running {
  readonly file: File
  abort: AbortController
}

/** Files on their way to the server while a message is being written. */
export function useUploads(upload: Upload | undefined, max: number): Uploads {
  const [files, setFiles] = useState<readonly AddedFile[]>([])
  const [isFull, setFull] = useState(false)
  const running = useRef(new Map<number, Running>())
  const keys = useRef(0)
  const latest = useRef(upload)
  latest.current = upload

  const start = useCallback((key: number, file: File) => {
    const abort = new AbortController()
    running.current.set(key, { file, abort })
    const change = (fields: Partial<AddedFile>): void => {
      if (!abort.signal.aborted)
        setFiles((before) => before.map((added) => (added.key === key ? { ...added, ...fields } : added)))
    }
    const onProgress = (progress: number): void => change({ progress })
    latest.current?.(file, { onProgress, signal: abort.signal }).then(
      (attachment) => change({ attachment, progress: 1 }),
      (error: unknown) => change({ error: error instanceof Error ? error.message : String(error) }),
    )
  }, [])

  const count = files.length
  const add = useCallback(
    (given: Iterable<File>) => {
      if (latest.current === undefined) return
      const all = [...given]
      const taken = all.slice(0, Math.max(0, max - count))
      setFull(taken.length < all.length)
      const added = taken.map((file): AddedFile => {
        keys.current += 1
        return { key: keys.current, name: file.name, type: file.type, size: file.size, progress: 0 }
      })
      setFiles((before) => [...before, ...added])
      for (const [index, { key }] of added.entries()) start(key, taken[index] as File)
    },
    [max, count, start],
  )
  const remove = useCallback((key: number) => {
    running.current.get(key)?.abort.abort()
    running.current.delete(key)
    setFull(false)
    setFiles((before) => before.filter((added) => added.key !== key))
  }, [])
  const retry = useCallback(
    (key: number) => {
      const file = running.current.get(key)?.file
      if (file === undefined) return
      setFiles((before) =>
        before.map((added) => (added.key === key ? { ...added, progress: 0, error: undefined } : added)),
      )
      start(key, file)
    },
    [start],
  )
  const clear = useCallback(() => {
    running.current.clear()
    setFull(false)
    setFiles([])
  }, [])
  // Whoever leaves the page gives up what is not uploaded.
  useEffect(() => {
    const { current } = running
    return () => {
      for (const { abort } of current.values()) abort.abort()
    }
  }, [])

  return useMemo(() => {
    const isBusy = files.some(({ attachment }) => attachment === undefined)
    return { files, isBusy, isFull, add, remove, retry, clear }
  }, [files, isFull, add, remove, retry, clear])
}
