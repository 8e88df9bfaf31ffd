export { simulate, type Fault, type SimulationOptions, type SimulationReport } from './simulate.ts'
