import { z } from 'zod'

/** How many entries of a list are asked for at once. */
export const pageSize = (most: number, usual: number) => z.int().min(1).max(most).default(usual)

/** Where a page goes on. */
export const cursor = z.string().max(512).optional().meta({ description: '`next` of the page before.' })

/** What the page behind this one is asked for with. */
export const nextPage = z
  .string()
  .optional()
  .meta({ description: 'Pass as `after` to go on; absent at the end.' })
