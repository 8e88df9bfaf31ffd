import { z } from 'zod'

const moment = z.int().min(0).meta({ description: 'Milliseconds since 1970.' })

/** Whose tokens are no longer good. `issuedBefore` alone concerns everybody of the app. */
export const revocation = z.object({
  tokenId: z.string().optional(),
  user: z.string().optional(),
  issuedBefore: moment.optional(),
  at: moment,
  by: z.string().optional(),
  reason: z.string().optional(),
  /** When the last token concerned has expired, so that the record is needed no more. */
  expiresAt: moment,
})

/** A revocation as it is stored in the records of table `revocations`. */
export type Revocation = z.output<typeof revocation>

/** Table of the records that hold revocations. */
export const revocationsTable = 'revocations'
