import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const api = process.env.YUNSHANG_API ?? 'http://127.0.0.1:8000'

/** The typeface of the printed forms goes with the bundle, so that a hospital needs no Node. */
function paperFonts(): Plugin {
  const from = new URL('node_modules/@expo-google-fonts/noto-sans-sc/', import.meta.url)
  const to = new URL('../server/static/fonts/', import.meta.url)
  const files = ['400Regular/NotoSansSC_400Regular.ttf', '700Bold/NotoSansSC_700Bold.ttf', 'LICENSE_FONT']
  return {
    name: 'paper-fonts',
    apply: 'build',
    closeBundle() {
      mkdirSync(to, { recursive: true })
      for (const file of files) copyFileSync(new URL(file, from), new URL(file.split('/').at(-1) ?? file, to))
    },
  }
}

export default defineConfig(({ mode }) => ({
  base: '/',
  plugins: [
    vue(),
    paperFonts(),
    Components({
      dirs: [],
      dts: 'components.d.ts',
      resolvers: [ElementPlusResolver({ importStyle: mode === 'test' ? false : 'css' })],
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // Windows 7 ward PCs stop at Chrome 109 and many run older ones.
    target: 'chrome87',
    outDir: '../server/static',
    emptyOutDir: true,
    chunkSizeWarningLimit: 400,
  },
  server: {
    proxy: { '/api': { target: api, ws: true, changeOrigin: false } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    server: { deps: { inline: ['element-plus'] } },
  },
}))
