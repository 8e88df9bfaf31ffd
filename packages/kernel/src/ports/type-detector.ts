/** Bytes of a file's beginning that a detector looks at. */
export const detectedBytes = 4_100

/**
 * The media type that the beginning of a file gives away by its form; undefined for texts and for what it does not know.
 * Never throws.
 */
export type TypeDetector = (beginning: Uint8Array) => Promise<string | undefined>
