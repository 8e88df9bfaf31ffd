import { compressedFiles, pageFrame } from '@parley/look/build'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'
import { servedFiles } from './build/served-files.ts'

// `npm run dev`: Vite in front of a server that listens where `npm start` would.
const server = `http://127.0.0.1:${process.env.PORT ?? 3001}`

export default defineConfig({
  root: import.meta.dirname,
  publicDir: '../../packages/look/public',
  plugins: [
    react(),
    servedFiles(),
    pageFrame({ name: 'Parley', description: 'Conversations in which nothing is lost.' }),
    compressedFiles(),
  ],
  resolve: { conditions: ['parley-source', ...defaultClientConditions] },
  build: {
    // Browsers of 2024. For older ones `:dir()` would become a guess from the language.
    target: ['chrome120', 'edge120', 'firefox121', 'safari17'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: {
    port: 5173,
    proxy: {
      '/api': server,
      '/docs': server,
      '/openapi.json': server,
      '/openapi.yaml': server,
      '/ws': { target: server, ws: true },
    },
  },
})
