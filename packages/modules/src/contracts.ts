export { auth } from './auth/contract.ts'
export { channels } from './channels/contract.ts'
export { flags } from './flags/contract.ts'
