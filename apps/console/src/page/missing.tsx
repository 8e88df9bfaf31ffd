import { Button } from '@mantine/core'
import { Empty } from '@parley/look'
import { Link } from '@tanstack/react-router'

/** An address that no page has. */
export function Missing() {
  return (
    <Empty text="The console has no page at this address.">
      <Button variant="default" component={Link} to="/">
        Go to the overview
      </Button>
    </Empty>
  )
}
