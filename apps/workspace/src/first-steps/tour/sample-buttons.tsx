import { Button } from '@mantine/core'
import { useConversations } from '@parley/react'
import { useState } from 'react'
import { placeIn } from '../../address/place.ts'
import { replaceWith } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'
import { fillSampleData, removeSampleData, samplePrefix } from './sample-data.ts'

/** Fills in something to try things on, or takes it away. */
export function SampleButtons() {
  const { client, announcements } = useDesk()
  const { conversations } = useConversations()
  const [isBusy, setBusy] = useState(false)
  const isFilled = conversations.some(
    ({ channel, mine }) => channel.startsWith(samplePrefix) && mine?.role === 'owner',
  )
  const act = async (work: Promise<unknown>, words: { done: string; failed: string }) => {
    setBusy(true)
    await announcements.about(work, words)
    setBusy(false)
  }
  const fill = () =>
    act(fillSampleData(client), {
      done: 'Three sample rooms are in your list.',
      failed: 'The sample data is not complete.',
    })
  const remove = () => {
    const place = placeIn(location.hash)
    // The rooms are left: nobody stands in one of them then.
    if (place.page === 'conversation' && place.channel.startsWith(samplePrefix)) replaceWith({ page: 'home' })
    return act(removeSampleData(client), {
      done: 'The sample data is gone.',
      failed: 'Some of the sample data is still there.',
    })
  }
  return (
    <Button variant="default" loading={isBusy} onClick={isFilled ? remove : fill}>
      {isFilled ? 'Remove sample data' : 'Fill with sample data'}
    </Button>
  )
}
