import { readChannel } from '@parley/react/server'
import { Live } from './live.js'
import { Room } from './room.js'

// Rendered for each visit: what happened a moment ago is in it.
export const dynamic = 'force-dynamic'

const channel = 'chat:general'
const { PARLEY_URL: url, PARLEY_KEY: key } = process.env

export default async function Page() {
  const initial = await readChannel({ url, key, channel })
  return (
    <Live url={url}>
      <Room channel={channel} initial={initial} />
    </Live>
  )
}
