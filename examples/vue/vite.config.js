import vue from '@vitejs/plugin-vue'

const parley = process.env.PARLEY_URL ?? 'http://127.0.0.1:3001'
const proxy = { '/api': parley, '/ws': { target: parley, ws: true } }

export default { plugins: [vue()], server: { proxy }, preview: { proxy } }
