import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import type { ComponentResolver } from 'unplugin-vue-components'
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

/**
 * A component from its own directory: its index of everything is a thousand modules, which each
 * test file would read anew. The build shakes them off by itself.
 */
function ownDirectory(): ComponentResolver {
  return (name) => {
    if (!/^El[A-Z]/.test(name)) return
    let words = name.slice(2).replace(/\B[A-Z]/g, '-$&').toLowerCase().split('-')
    for (; words.length > 0; words = words.slice(0, -1)) {
      const from = `element-plus/es/components/${words.join('-')}/index.mjs`
      if (existsSync(new URL(`node_modules/${from}`, import.meta.url))) return { name, from }
    }
  }
}

const tests = readdirSync(new URL('src', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `src/${name}`)

const said = (test: string): string => readFileSync(new URL(test, import.meta.url), 'utf8')

/** Whether it speaks of anything that a page has; what does not needs no page, whose making takes longer than its tests. */
function ofAPage(test: string): boolean {
  return /@testing-library|\.vue'|\b(document|window|navigator|localStorage|sessionStorage|HTML\w*Element|canvas|Blob|WebSocket)\b/.test(said(test))
}

/** Whether it puts something else in a module's place, where others must not find it. */
function replaces(test: string): boolean {
  return /\bvi\.(mock|doMock)\(/.test(said(test))
}

const plain = tests.filter((test) => !ofAPage(test))

export default defineConfig(({ mode }) => ({
  base: '/',
  plugins: [
    vue(),
    paperFonts(),
    Components({
      dirs: [],
      dts: mode === 'test' ? false : 'components.d.ts',
      resolvers:
        mode === 'test'
          ? [ownDirectory(), ElementPlusResolver({ importStyle: false })]
          : [ElementPlusResolver({ importStyle: 'css' })],
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // Windows 7 ward PCs stop at Chrome 109 and many run older ones.
    target: 'chrome87',
    outDir: '../server/static',
    emptyOutDir: true,
    // The largest is livekit-client, loaded where an installation uses it.
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: { '/api': { target: api, ws: true, changeOrigin: false } },
  },
  test: {
    pool: 'threads',
    // Other tests run beside these: a page that is looked through for barriers may have to wait.
    // Longer than one wait (src/testing/setup.ts), so that the wait says what it missed.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
    server: { deps: { inline: ['element-plus'] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'jsdom',
          setupFiles: ['src/testing/setup.ts'],
          include: tests.filter(ofAPage),
        },
      },
      {
        extends: true,
        test: { name: 'replacing', environment: 'node', include: plain.filter(replaces) },
      },
      {
        extends: true,
        // They leave nothing behind: one thread reads each module once for all of them.
        test: { name: 'plain', environment: 'node', isolate: false, include: plain.filter((test) => !replaces(test)) },
      },
    ],
  },
}))
