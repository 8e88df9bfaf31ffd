import { closeCodePage } from '../reference/close-code-page.ts'
import { commandPages, commandsOf } from '../reference/command-pages.ts'
import { errorPages } from '../reference/error-pages.ts'
import { metricsPage } from '../reference/metrics-page.ts'
import { readProduct } from '../reference/product.ts'
import { settingsPage } from '../reference/settings-page.ts'
import { decisionsPage } from './decisions-page.ts'
import type { Page } from './page.ts'

/** Everything that is made from what the product says of itself. */
export async function referencePages(repository: string): Promise<readonly Page[]> {
  const { contracts, metrics } = await readProduct()
  return [
    ...commandPages(contracts),
    ...errorPages(repository, contracts.flatMap(commandsOf)),
    closeCodePage(),
    settingsPage(repository),
    metricsPage(metrics),
    decisionsPage(repository),
  ]
}
