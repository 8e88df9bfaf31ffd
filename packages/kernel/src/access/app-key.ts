/**
 * The app key in a header `X-API-Key`: `id:secret`. What has no colon is meant for a gateway in front, and none of ours.
 */
export function appKeyIn(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[^\s:]+:\S+$/.test(header) ? header : undefined
}
