import { plant } from '../../simulation/canaries/plant.ts'
import { defects, smallDatabase } from './defects.ts'

// Loaded before a server, into each of its threads: plants what the environment names.
const defect = [...defects, smallDatabase].find(({ name }) => name === process.env.CHAOS_DEFECT)
if (defect === undefined) throw new Error(`There is no defect \`${process.env.CHAOS_DEFECT}\`.`)
await plant(defect)
