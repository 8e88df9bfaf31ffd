import type { TypeDetector } from '@parley/kernel'
import { fileTypeFromBuffer } from 'file-type'

/** Types by the forms of some two hundred file formats. */
export const detectFileType: TypeDetector = async (beginning) => {
  try {
    return (await fileTypeFromBuffer(beginning))?.mime
  } catch {
    // A form that ends in the middle is the form of nothing.
    return undefined
  }
}
