import type { SeedOptions } from './seeds.ts'

// Runs seeds that it is sent, one after the other. With the name of a defect, its sources are ill.
const [defect] = process.argv.slice(2)
// Errors are part of the game: nobody reads where they come from.
Error.stackTraceLimit = 0
if (defect !== undefined) {
  const { plantNamed } = await import('./canaries/plant.ts')
  await plantNamed(defect)
}
const { runSeed } = await import('./seeds.ts')

process.on('message', async (options: SeedOptions) => {
  process.send?.({ report: await runSeed(options) })
})
process.send?.({ ready: true })
