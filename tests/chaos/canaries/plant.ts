import { plant } from '../../simulation/canaries/plant.ts'
import { defects } from './defects.ts'

// Loaded before a server, into each of its threads: plants the defect that the environment names.
const defect = defects.find(({ name }) => name === process.env.CHAOS_DEFECT)
if (defect === undefined) throw new Error(`There is no defect \`${process.env.CHAOS_DEFECT}\`.`)
await plant(defect)
