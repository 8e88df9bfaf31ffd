/**
 * Hands over the lines of a response as they come, those that arrive together in one call.
 *
 * @throws when the response breaks off, or cannot be read as it comes
 */
export async function readLines(response: Response, take: (lines: readonly string[]) => void): Promise<void> {
  const reader = response.body?.getReader()
  if (reader === undefined) throw new TypeError('Responses cannot be read as a stream here.')
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) take(lines)
  }
}
