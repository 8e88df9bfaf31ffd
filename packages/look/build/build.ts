export { compressedFiles } from './compressed-files.ts'
export { pageFrame } from './page-frame.ts'
