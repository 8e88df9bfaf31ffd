// Loaded before a server of ours: what `parley serve` does for its process.
import { yieldToServing } from '@parley/adapters/short-pauses'

yieldToServing()
