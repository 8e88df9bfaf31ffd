import type { HttpContent, ModuleRoute } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { readLink } from './links.ts'
import type { FilesParts } from './parts.ts'
import { blobKey, thumbnailKey } from './rules.ts'

/** The bytes behind links. */
export function contentRoute(parts: FilesParts): ModuleRoute {
  return {
    method: 'GET',
    path: '/files/{file}/content',
    credentials: 'none',
    async handler({ params, query }): Promise<HttpContent> {
      const now = parts.services().clock.now()
      const link = readLink(parts, params.file ?? '', query, now)
      const { app, file, variant, type, name, isInline, expiresAt } = link
      const key = variant === 'thumbnail' ? thumbnailKey(app, file) : blobKey(app, file)
      const size = await parts.blobs.size(key)
      if (size === undefined) throw new ParleyError('not_found', 'The file is gone.')
      return {
        ...{ size, name, isInline },
        type: type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
        tag: `${file}-${variant}`,
        headers: {
          'cache-control': `private, max-age=${Math.floor((expiresAt - now) / 1000)}, immutable`,
          // Who has the link may show it, whatever page that is on.
          'cross-origin-resource-policy': 'cross-origin',
        },
        read: (range) => parts.blobs.read(key, range),
      }
    },
  }
}
